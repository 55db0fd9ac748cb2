// The page: what the channel says comes in as events and is shown; what people say goes out as messages.

import { element, render } from "./markdown.js";

const channel = location.pathname.split("/").pop();
const api = `/api/channels/${channel}`;
const CURSOR = "▌"; // the bot's sign that an answer is still growing
const NEAR = 80; // pixels from the bottom that still count as being there
const PATIENCE = 10_000; // milliseconds until a hidden tab gives its connection back: browsers have only six for a host

const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));
const entries = new Map(); // by id: { data, node }
const draft = { photos: [], attempt: null, isSending: false };
const limits = { most_bytes: Infinity, most_photos: 10 };
const words = JSON.parse(page.words.textContent); // every sentence of the page, in its language
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(language);
const plurals = new Intl.PluralRules(language);

function say(key, gaps = {}) { // a gap may choose its words by a number: {n:one=# photo|other=# photos}
  return words[key].replace(/\{(\w+)(?::([^}]*))?\}/g, (_, gap, cases) => filledGap(gaps[gap], cases));
}

function filledGap(value, cases) {
  if (typeof value !== "number") return value;
  if (!cases) return numbers.format(value);
  const words = Object.fromEntries(cases.split("|").map((one) => one.split("=")));
  return (words[plurals.select(value)] ?? words.other).replace("#", numbers.format(value));
}

// asking the server

class Trouble extends Error {} // its message is a sentence for people

async function call(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Trouble(say("page_unreachable"));
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Trouble(sentence(response.status, body));
  return body;
}

function sentence(status, body) {
  if (status === 401) return say("page_logged_out");
  return body.error ?? say("page_wrong", { status });
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function post(text, { uploads = [], key = newKey(), about = null } = {}) {
  const body = JSON.stringify({ text, uploads, key, about, language: navigator.language });
  return call(`${api}/messages`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

// the transcript

let isTyping = false;

function show(data) {
  const before = entries.get(data.id);
  const node = before?.node ?? (data.kind === "post" ? postNode(data) : messageNode(data));
  entries.set(data.id, { data, node });
  showPress(data.reply_to);
  if (!before) insert(node, data.id);
  if (data.kind === "post") {
    fill(node, data);
    showFiles(node, data);
    showActions(node, data);
  }
  page.empty.hidden = true;
}

function insert(node, id) {
  node.dataset.id = id;
  let after = page.entries.lastElementChild;
  while (after && Number(after.dataset.id) > Number(id)) after = after.previousElementSibling;
  if (after) after.after(node);
  else page.entries.prepend(node);
  quoteQuestion(node);
}

function messageNode({ text, time, photos, about, label }) {
  if (about) return pressNode(label || text, text, time);
  const isCommand = text.startsWith("/") && !photos.length;
  const node = element("li", { class: isCommand ? "command" : "message" }, unseen(say("page_you_said")));
  if (photos.length) node.append(element("ul", { class: "thumbs" }, ...photos.map((photo) => element("li", {}, photo.plays ? player(photo) : thumb(photo)))));
  if (text) node.append(element("p", { class: "said", title: clock.format(time * 1000) }, text));
  return node;
}

function pressNode(label, text, time) {
  const said = element("p", { class: "said", title: `${text} · ${clock.format(time * 1000)}` }, label);
  return element("li", { class: "command pressed", hidden: "" }, unseen(say("page_you_pressed")), said);
}

function showPress(id) { // what a post answers is worth a line; what only changed the post that was pressed is not
  const node = entries.get(id)?.node;
  if (node) node.hidden = false;
}

function thumb({ name, url, about, spoiler }) {
  const tile = element("span", { class: "tile", title: name }, element("b", {}, extension(name)), element("span", {}, name));
  if (!url) return tile;
  const picture = element("img", { src: url, alt: about || name, decoding: "async" });
  const button = element("button", { type: "button", class: "thumb", title: say("page_open", { name }) }, picture);
  button.classList.toggle("spoiler", Boolean(spoiler));
  picture.addEventListener("error", () => button.replaceWith(tile));
  button.addEventListener("click", () => view(url, name, about));
  return button;
}

function player({ name, url, about }) {
  return element("audio", { src: url, controls: "", preload: "metadata", "aria-label": about || name, title: name });
}

function extension(name) {
  return /\.(\w{1,5})$/.exec(name)?.[1].toUpperCase() ?? say("page_file");
}

function postNode({ time }) {
  const copy = element("button", { type: "button", class: "copy" }, element("span", { "aria-hidden": "true" }, say("page_copy")), unseen(say("page_copy_what")));
  const node = element("li", { class: "post" }, unseen(say("page_answer")), element("div", { class: "body" }),
    element("ul", { class: "thumbs", "aria-label": say("page_files"), hidden: "" }),
    element("div", { class: "actions", role: "group", "aria-label": say("page_actions"), hidden: "" }),
    element("div", { class: "foot" }, element("time", { datetime: new Date(time * 1000).toISOString() }, clock.format(time * 1000)), copy));
  copy.addEventListener("click", () => copyText(copy, finished(entries.get(node.dataset.id).data.text)));
  return node;
}

function finished(text) { // what there is of it so far
  return text.endsWith(CURSOR) ? text.slice(0, -CURSOR.length).trimEnd() : text;
}

function fill(node, { text, tree }) {
  const isGrowing = text.endsWith(CURSOR);
  const body = node.querySelector(".body");
  node.classList.toggle("growing", isGrowing);
  node.setAttribute("aria-busy", isGrowing);
  try {
    render(tree ?? finished(text), body);
  } catch (error) { // an answer that the renderer cannot take is still an answer
    console.error(error);
    body.replaceChildren(element("p", {}, text));
  }
}

function showFiles(node, { photos }) {
  const list = node.querySelector(".thumbs");
  if (!replaces(list, photos)) return;
  list.replaceChildren(...photos.map((file) => element("li", {}, fileNode(file))));
  list.hidden = !photos.length;
}

function fileNode(file) {
  if (file.plays) return player(file);
  return file.url ? thumb(file) : fileLink(file);
}

function fileLink({ name, size, file }) {
  return element("a", { class: "file", href: file, download: name, title: say("page_save", { name }) },
    element("b", {}, extension(name)), element("span", {}, name), element("small", {}, inBytes(size)));
}

function inBytes(size) {
  const units = ["byte", "kilobyte", "megabyte"];
  const step = Math.min(Math.floor(Math.log10(size || 1) / 3), units.length - 1);
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: units[step], maximumFractionDigits: step && 1 }).format(size / 1000 ** step);
}

function replaces(node, data) { // what stays the same is left alone: it may have the focus
  const shows = JSON.stringify(data);
  const isNew = (node.dataset.shows ?? "[]") !== shows;
  node.dataset.shows = shows;
  return isNew;
}

// buttons

const MANY = 5; // buttons that say the same command in other words: a list to pick from
const pressed = new Map(); // by post and command: the id of the message that says it, or null while that is on its way

function showActions(node, { id, buttons }) {
  const row = node.querySelector(".actions");
  if (replaces(row, buttons)) {
    const focused = [...row.children].indexOf(document.activeElement);
    row.replaceChildren(...buttons.map((button) => actionNode(id, button)));
    row.hidden = !buttons.length;
    row.classList.toggle("choices", isList(buttons));
    if (focused >= 0) (row.children[focused] ?? row.lastElementChild ?? page.text).focus();
  }
  for (const button of row.children) { // not `disabled`: that would lose the focus
    button.setAttribute("aria-disabled", pressed.has(`${id} ${button.dataset.command}`));
  }
}

function isList(buttons) {
  const names = buttons.map(({ command }) => command.split(" ")[0]);
  return names.some((name) => names.filter((other) => other === name).length >= MANY);
}

function actionNode(id, { label, command }) {
  const button = element("button", { type: "button", "data-command": command }, label);
  button.addEventListener("click", () => press(id, command));
  return button;
}

function refreshActions(id) {
  const entry = entries.get(id);
  if (entry) showActions(entry.node, entry.data); // it may have been forgotten meanwhile
}

async function press(id, command) {
  const which = `${id} ${command}`;
  if (pressed.has(which)) return;
  complain("");
  pressed.set(which, null);
  refreshActions(id);
  try {
    const said = await post(command, { about: id });
    if (pressed.has(which)) pressed.set(which, said.id);
    const early = [...entries.values()].filter(({ data }) => data.reply_to === said.id); // they overtook the reply
    if (early.length) toBottom();
    early.forEach(({ data }) => release(data));
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    complain(trouble.message);
    pressed.delete(which);
    refreshActions(id);
  }
}

function isAwaited({ reply_to }) {
  return reply_to !== null && [...pressed.values()].includes(reply_to);
}

function release({ id, text, reply_to }) { // the buttons of a post that has changed, and the one that it answers
  if (text.endsWith(CURSOR)) return;
  for (const [which, said] of pressed) {
    const [post] = which.split(" ");
    if (post !== id && (said === null || said !== reply_to)) continue;
    pressed.delete(which);
    refreshActions(post);
  }
}

function quoteQuestion(node) {
  const { data } = entries.get(node.dataset.id);
  const asked = entries.get(data.reply_to)?.data;
  let above = node.previousElementSibling;
  while (above?.hidden) above = above.previousElementSibling;
  if (!asked || above?.dataset.id === data.reply_to) return;
  const question = asked.label || asked.text || asked.photos.map((photo) => photo.name).join(", ");
  node.prepend(element("p", { class: "replied" }, unseen(say("page_in_reply")), question));
}

function unseen(text) {
  return element("span", { class: "unseen" }, text);
}

async function copyText(button, text) {
  const before = [...button.childNodes];
  let outcome = say("page_copied");
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyTheOldWay(text);
  } catch {
    outcome = say("page_not_copied");
  }
  button.replaceChildren(outcome);
  setTimeout(() => button.replaceChildren(...before), 1500);
}

function copyTheOldWay(text) { // navigator.clipboard is missing on plain http
  const area = element("textarea", { class: "unseen" });
  area.value = text;
  document.body.append(area);
  area.select();
  const worked = document.execCommand("copy");
  area.remove();
  if (!worked) throw new Error("not allowed");
}

function showTyping(on) {
  isTyping = on;
  page.typing.hidden = !on || page.entries.querySelector(".growing") !== null;
}

function announce({ id }) {
  const body = entries.get(id).node.querySelector(".body");
  const blocks = body.querySelector(":scope > .spoiler") ? [element("p", {}, say("page_spoiler"))] : [...body.children];
  page.log.append(element("p", {}, blocks.map((block) => block.textContent).join("\n").slice(0, 3000)));
  while (page.log.children.length > 3) page.log.firstElementChild.remove();
}

function view(url, name, about) {
  page.picture.src = url;
  page.picture.alt = about || name;
  page.caption.textContent = name;
  page.viewer.showModal();
}

page.viewer.addEventListener("click", (event) => {
  if (event.target === page.viewer) page.viewer.close();
});
page.viewer.addEventListener("close", () => page.picture.removeAttribute("src"));

// scrolling

let isStuck = true; // to the bottom
let place = {}; // where the transcript was when it was last looked at

function look() {
  const { scrollHeight: height, scrollTop: top, clientHeight: view } = page.transcript;
  place = { height, top, view };
}

function toBottom() {
  isStuck = true;
  page.down.hidden = true;
  page.transcript.scrollTop = page.transcript.scrollHeight;
  look();
}

// Content that grows, and a composer that shrinks, scroll too, and are told of some moments later, when there may be
// more below. So only a move upwards in a transcript that kept its size is a reader's, who wants to leave the end.
page.transcript.addEventListener("scroll", () => {
  const before = place;
  look();
  const isSame = place.height === before.height && place.view === before.view;
  if (place.height - place.top - place.view < NEAR) isStuck = true;
  else if (isSame && place.top < before.top) isStuck = false;
  else if (isStuck) toBottom();
  page.down.hidden = isStuck;
});
page.down.addEventListener("click", () => { toBottom(); page.text.focus(); });

const sizes = new ResizeObserver(() => isStuck && entries.size && toBottom());
for (const node of [page.entries, page.transcript, page.typing]) sizes.observe(node);

// events

let source = null;
let hideTimer = null;

const HEARD = {
  snapshot: ({ entries: all, typing }) => {
    pressed.clear();
    all.forEach(show);
    page.empty.hidden = entries.size > 0;
    showTyping(typing);
  },
  model: ({ id }) => { answering = id; showModel(); },
  message: show,
  post: (data) => {
    const before = entries.get(data.id)?.data.text;
    show(data);
    if (before === undefined && isAwaited(data)) toBottom();
    release(data);
    showTyping(isTyping);
    if (!data.text.endsWith(CURSOR) && data.text !== before) announce(data);
  },
  typing: ({ on }) => showTyping(on),
  forget: ({ entries: left }) => {
    entries.clear();
    pressed.clear();
    page.entries.replaceChildren();
    page.log.replaceChildren();
    page.viewer.close();
    page.empty.hidden = false;
    left.forEach(show);
    toBottom();
  },
};

function connect() {
  source?.close();
  source = new EventSource(`${api}/events`);
  for (const [name, hear] of Object.entries(HEARD)) {
    source.addEventListener(name, (event) => hear(JSON.parse(event.data)));
  }
  source.addEventListener("open", () => { page.connection.textContent = ""; });
  source.addEventListener("error", () => lost(source));
}

function lost(which) {
  if (which !== source) return;
  page.connection.textContent = say("page_lost");
  if (which.readyState === EventSource.CLOSED) setTimeout(() => which === source && connect(), 3000);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hideTimer);
  if (document.hidden) hideTimer = setTimeout(() => { source?.close(); source = null; }, PATIENCE);
  else if (!source) connect();
});

// the draft: photos

function addPhotos(files) {
  complain("");
  for (const file of files) {
    if (draft.photos.length >= limits.most_photos) {
      complain(say("page_left_out", { most: limits.most_photos, name: file.name }));
      return;
    }
    if (file.size > limits.most_bytes) complain(say("page_large", { name: file.name, limit: megabytes(limits.most_bytes) }));
    else addPhoto(file);
  }
  page.text.focus();
}

function megabytes(bytes) {
  return Math.floor(bytes / 1024 / 1024);
}

function addPhoto(file) {
  const photo = { file, name: file.name || say("page_photo"), url: URL.createObjectURL(file), id: null };
  photo.node = draftNode(photo);
  draft.photos.push(photo);
  page.photos.append(photo.node);
  begin(photo);
  showReadiness();
}

function draftNode(photo) {
  const tile = element("span", { class: "tile" }, element("b", {}, extension(photo.name)), element("span", {}, photo.name));
  const removal = say("page_remove", photo);
  const remove = element("button", { type: "button", class: "remove", title: removal, "aria-label": removal }, "×");
  remove.addEventListener("click", () => { forget(photo); page.text.focus(); });
  const progress = element("progress", { max: "1", value: "0", "aria-label": say("page_upload", photo) });
  return element("li", { title: photo.name }, tile, progress, remove);
}

function showPicture(photo) {
  const tile = photo.node.querySelector(".tile");
  const picture = element("img", { src: photo.url, alt: photo.name });
  picture.addEventListener("error", () => picture.replaceWith(tile));
  tile.replaceWith(picture);
}

function begin(photo) {
  photo.node.classList.remove("failed");
  photo.uploading = upload(photo);
  photo.uploading.catch((trouble) => {
    if (!draft.photos.includes(photo)) return;
    photo.uploading = null;
    photo.node.classList.add("failed");
    complain(`${photo.name}: ${trouble.message}`);
  });
}

function upload(photo) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    photo.request = request;
    request.open("POST", `${api}/uploads?name=${encodeURIComponent(photo.name)}`);
    request.setRequestHeader("Content-Type", photo.file.type || "application/octet-stream");
    request.responseType = "json";
    const progress = photo.node.querySelector("progress");
    request.upload.addEventListener("progress", ({ loaded, total }) => { progress.value = total ? loaded / total : 0; });
    request.addEventListener("error", () => failed(new Trouble(say("page_broke_off"))));
    request.addEventListener("abort", () => failed(new Trouble(say("page_removed"))));
    request.addEventListener("load", () => {
      if (request.status !== 201) { failed(new Trouble(sentence(request.status, request.response ?? {}))); return; }
      photo.node.classList.add("uploaded");
      progress.remove();
      // The server has looked at its size: a small file can unpack to more than a browser can bear.
      if (request.response.url && !request.response.plays) showPicture(photo);
      done(request.response.id);
    });
    request.send(photo.file);
  });
}

function forget(photo) {
  photo.request?.abort();
  URL.revokeObjectURL(photo.url);
  photo.node.remove();
  draft.photos = draft.photos.filter((other) => other !== photo);
  complain("");
  showReadiness();
}

// the draft: sending

async function send() {
  const text = page.text.value.trim();
  const photos = draft.photos;
  if (draft.isSending || (!text && !photos.length)) return;
  complain("");
  hold(true);
  try {
    await sendWhole(text, photos);
    [...photos].forEach(forget);
    page.text.value = "";
    toBottom();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    complain(trouble.message);
  } finally {
    hold(false);
    grow();
  }
}

async function sendWhole(text, photos) {
  for (const photo of photos) if (!photo.uploading) begin(photo);
  const uploads = await Promise.all(photos.map((photo) => photo.uploading.catch((trouble) => {
    throw new Trouble(say("page_not_sent", { name: photo.name, reason: trouble.message }));
  })));
  // The same draft again has the same key, so that it is said once even if only the answer was lost on the way.
  const content = JSON.stringify([text, uploads]);
  if (draft.attempt?.content !== content) draft.attempt = { content, key: newKey() };
  await post(text, { uploads, key: draft.attempt.key });
  draft.attempt = null;
}

function hold(on) {
  draft.isSending = on;
  page.composer.setAttribute("aria-busy", on);
  page.text.readOnly = on;
  showReadiness();
}

function showReadiness() {
  const isEmpty = !page.text.value.trim() && !draft.photos.length;
  page.send.setAttribute("aria-disabled", isEmpty || draft.isSending); // not `disabled`: that would lose the focus
}

function complain(sentence) {
  page.problem.textContent = sentence;
}

function grow() {
  page.text.style.height = "auto";
  page.text.style.height = `${page.text.scrollHeight}px`;
  showReadiness();
}

page.composer.addEventListener("submit", (event) => { event.preventDefault(); send(); });
page.text.addEventListener("input", grow);
page.text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
page.pick.addEventListener("click", () => page.files.click());
page.files.addEventListener("change", () => { addPhotos([...page.files.files]); page.files.value = ""; });
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  // Office programs put a picture of the text beside the text.
  if (!files.length || event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  addPhotos(files);
});

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
window.addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  page.drop.hidden = false;
});
window.addEventListener("dragleave", (event) => { if (!event.relatedTarget) page.drop.hidden = true; });
window.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  page.drop.hidden = true;
  addPhotos([...event.dataTransfer.files]);
});

for (const button of page.empty.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    page.text.value = button.textContent;
    grow();
    page.text.focus();
  });
}

// models and conversations

let models = [];
let answering = ""; // the model that does, as the server says; empty: it does not know

function showModel() {
  if (!models.length || !answering) return;
  if (!models.some(({ id }) => id === answering)) addModel({ id: answering, name: answering });
  page.model.value = answering;
}

function addModel(model) {
  models.push(model);
  const provider = model.id.split("/")[0];
  let group = [...page.model.children].find(({ label }) => label === provider);
  if (!group) {
    group = element("optgroup", { label: provider });
    page.model.append(group);
  }
  group.append(element("option", { value: model.id }, model.sees ? say("page_sees", { model: model.name }) : model.name));
}

async function command(text) {
  complain("");
  try {
    await post(text);
    toBottom();
  } catch (trouble) {
    complain(trouble.message);
    showModel();
  }
}

page.model.addEventListener("change", () => command(`/model ${page.model.value}`));
page.new.addEventListener("click", async () => { await command("/new"); page.text.focus(); });

function nameSecond() {
  page.second.href = `/c/${newKey()}`;
}
page.second.addEventListener("click", () => setTimeout(nameSecond)); // after the browser has followed the link

page.logout.addEventListener("click", async () => {
  try {
    await call("/logout", { method: "POST" });
    location.assign("/login");
  } catch (trouble) {
    complain(trouble.message);
  }
});

// the beginning

async function learn() {
  const about = await call("/api/about");
  Object.assign(limits, about);
  page.banner.textContent = about.banner;
  page.banner.hidden = !about.banner;
  page.logout.hidden = !about.session;
  (await call("/api/models")).forEach(addModel);
  page.picker.hidden = !models.length;
  showModel();
}

nameSecond();
showReadiness();
connect();
learn().catch((trouble) => complain(trouble.message));
if (matchMedia("(hover: hover)").matches) page.text.focus();
