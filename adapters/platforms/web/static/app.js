// The page: what the channel says comes in as events and is shown; what people say goes out as messages.

import { isAwaited, release, releaseAll } from "./actions.js";
import { restoreDraft, showReadiness } from "./composer.js";
import { refreshConversations } from "./conversations.js";
import { element, page } from "./dom.js";
import { retryUploads } from "./draft_photos.js";
import { forgetDrafts } from "./draft_store.js";
import "./dropping.js";
import { entries, isGrowing } from "./entries.js";
import { showNumbers } from "./files.js";
import "./keys.js";
import { learnLimits } from "./limits.js";
import { showModel, showModels } from "./models.js";
import { tellNews } from "./news.js";
import { showWhetherMore } from "./older.js";
import { attempt } from "./problem.js";
import { toBottom } from "./scrolling.js";
import { call } from "./server.js";
import "./settings.js";
import { listen } from "./stream.js";
import { say } from "./words.js";
import { announce, clear, dropMissing, isAnswering, show, showTyping } from "./transcript.js";

const MOST_READ_OUT = 3; // answers that were missed, for those who listen to the page

let isLoaded = false;

function isNews(data) { // a whole answer that was not there, or grew, when the page last heard something
  const before = entries.get(data.id)?.data;
  return data.kind === "post" && !isGrowing(data) && (!before || isGrowing(before));
}

const HANDLERS = {
  snapshot: ({ entries: all, typing, more }) => {
    const missed = isLoaded ? all.filter(isNews) : [];
    isLoaded = true;
    releaseAll();
    if (dropMissing(all, more)) page.viewer.close();
    const isAnew = !entries.size;
    all.forEach(show);
    page.empty.hidden = entries.size > 0;
    if (isAnew) showWhetherMore(more);
    showTyping(typing);
    missed.slice(-MOST_READ_OUT).forEach(announce);
    missed.forEach(() => tellNews());
  },
  model: ({ id }) => showModel(id),
  numbers: showNumbers,
  message: (data) => { show(data); refreshConversations(); },
  post: (data) => {
    const before = entries.get(data.id)?.data.text;
    show(data);
    if (before === undefined && isAwaited(data)) toBottom();
    release(data);
    showTyping();
    if (isGrowing(data) || data.text === before) return;
    announce(data);
    tellNews();
  },
  typing: ({ on }) => showTyping(on),
  forget: ({ entries: left }) => {
    refreshConversations();
    clear();
    releaseAll();
    showWhetherMore(false);
    page.viewer.close();
    left.forEach(show);
    toBottom();
  },
  conversations: () => refreshConversations(),
};

function thenShowReadiness(handle) {
  return (data) => { handle(data); showReadiness(); };
}

async function learn() {
  const about = await call("/api/about");
  learnLimits(about);
  page.banner.textContent = about.banner;
  if (about.key_page) page.banner.append(" ", element("a", { href: about.key_page }, say("page_use_key")));
  page.banner.hidden = !about.banner;
  page.logout.hidden = !about.session;
  showModels(await call("/api/models"));
}

page.logout.addEventListener("click", () => attempt(async () => {
  await call("/logout", { method: "POST" });
  await forgetDrafts();
  location.assign("/login");
}));

restoreDraft();
listen(Object.fromEntries(Object.entries(HANDLERS).map(([name, handle]) => [name, thenShowReadiness(handle)])), () => { refreshConversations(); retryUploads(); }, isAnswering);
attempt(learn);
if (matchMedia("(hover: hover)").matches) page.text.focus();
