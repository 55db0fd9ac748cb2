"""The memory in portable SQL, put together. What the databases do differently stands in their own files."""

from bot.store.access import Access
from bot.store.assets import Assets
from bot.store.base import Execute
from bot.store.figures import Figures
from bot.store.fleet import Fleet
from bot.store.intake import Intake
from bot.store.made import Made
from bot.store.migrate import migrate
from bot.store.photos import Photos
from bot.store.posts import Posts
from bot.store.privacy import Privacy
from bot.store.queue import Queue
from bot.store.sessions import WebSessions
from bot.store.versions import Versions


class SqlStore(Intake, Queue, Posts, Photos, Made, Versions, Privacy, Access, Assets, Fleet, Figures, WebSessions):
    """Everything the store remembers, in statements both databases understand."""

    async def _migrate(self, execute: Execute) -> None:
        await migrate(execute, self.identity)
