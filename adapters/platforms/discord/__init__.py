"""Discord: servers, threads and private chats, slash commands and menus, and catching up after an absence."""
