"""What Discord takes, as the double enforces it, and where that is written.

[docs] is discord-api-docs of August 2026 with its page. Nothing here is imported from the bot: a slip in its own table
is refused here.
"""

MESSAGE_LENGTH = 2000  # characters [docs: resources/message, "Create Message"]; beyond it 50035
FILES = 10  # of a message [docs: the same]; beyond it 50035
FILE_BYTES = 10 << 20  # of each file [docs: reference, "Uploading Files"]; beyond it 40005
REQUEST_BYTES = 25 << 20  # of the whole request [docs: resources/message, "Create Message"]; beyond it 413 and 40005
DESCRIPTION_LENGTH = 1024  # characters about a file [docs: resources/message, "Attachment Object"]
NONCE_LENGTH = 25  # characters [docs: resources/message, "Create Message"]
FOLLOWUPS = 5  # to an interaction of a user's app, where it is not in the server; then 40094
# [docs: interactions/receiving-and-responding, "Followup Messages"]
ANSWER_SECONDS, TOKEN_SECONDS = 3.0, 900.0  # [docs: the same, "Interaction Callback"]
SESSIONS_PER_DAY = 1000  # [docs: topics/gateway, "Session Start Limit"]
GALLERY_ITEMS = 10  # [docs: components/reference, "Media Gallery"]
NESTED_COMPONENTS = 40  # of a message [docs: components/reference]
