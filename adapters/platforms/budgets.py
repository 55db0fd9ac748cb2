"""The budgets of the platforms: every limit of theirs that the bot keeps to, in one table, with where it is written.

The doubles of the tests enforce the same numbers from a table of their own, so a slip here is refused there.

Sources: [docs] Discord's documentation for developers (discord-api-docs, August 2026), with the page; [api] Telegram's
reference at core.telegram.org/bots/api (10.3), with the method or type; [seen] observed by others, without a number in
any documentation.
"""

MEGABYTE = 1024 * 1024


class DiscordBudgets:
    """The limits of Discord."""

    # a message [docs: resources/message, "Create Message"]
    MESSAGE_LENGTH = 2000  # characters
    MESSAGE_FILES = 10
    FILE_BYTES = 10 * MEGABYTE  # each; boosted servers take more [docs: reference, "Uploading Files"]
    REQUEST_BYTES = 25 * MEGABYTE  # all files and the text together; else 40005
    REQUEST_MARGIN = 256 * 1024  # bytes of these that are left for the text and for what stands around each file
    FILE_DESCRIPTION = 1024  # characters [docs: resources/message, "Attachment Object"]
    EDIT_INTERVAL = 1.2  # seconds; about five calls in five seconds pass in a channel [seen]

    # interactions [docs: interactions/receiving-and-responding]
    USER_APP_FOLLOWUPS = 5  # to one interaction, where the app is not in the server; then 40094

    # sessions [docs: topics/gateway, "Session Start Limit"]
    SESSIONS_PER_DAY = 1000  # of one token; beyond that Discord resets it


class TelegramBudgets:
    """The limits of Telegram."""

    # a message [api: sendMessage, sendPhoto], in UTF-16 units after its entities are parsed
    MESSAGE_LENGTH = 4096
    CAPTION_LENGTH = 1024
    BUTTON_BYTES = 64  # of a button's command [api: InlineKeyboardButton]
    BUTTONS = 100  # below a message [seen]

    # a rich message [api: "Rich Message Limits"]
    RICH_LENGTH = 32_768  # characters, with those of formulas
    RICH_BLOCKS = 500  # with items of lists and rows of tables
    RICH_DEPTH = 16  # blocks and styles in each other
    RICH_COLUMNS = 20  # of a table
    RICH_MEDIA = 50

    # files
    UPLOAD_MEGABYTES = 50  # of a file, and of all files of a request [api: "Sending files"]
    LOCAL_UPLOAD_MEGABYTES = 2000  # to a server of one's own [api: "Using a Local Bot API Server"]
    PHOTO_BYTES = 10 * MEGABYTE  # of a picture that is shown as a photo [api: sendPhoto]
    PHOTO_WIDTH_PLUS_HEIGHT = 10_000  # pixels [api: sendPhoto]
    ALBUM_FILES = 10  # [api: sendMediaGroup]
    DOWNLOAD_MEGABYTES = 20  # of a file that a bot may fetch [api: getFile]; with --local there is no such limit
