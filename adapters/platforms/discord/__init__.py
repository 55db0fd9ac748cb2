"""Discord: photos in servers, threads and private chats, slash commands and menus, and nothing missed while away."""
