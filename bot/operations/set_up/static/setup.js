// The set-up page: tests each service when asked to, saves all, and goes to the bot's page when that has started.

const form = document.getElementById("form");
const outcome = document.getElementById("outcome");
const model = form.elements.BOT_MODEL;
const PAUSE = 500; // milliseconds between two looks whether the bot has started
const LOOKS = 240;
const WORDS = { ok: "✓", note: "✓", warn: "!", maybe: "?", WRONG: "✗" };

const values = (inputs) => Object.fromEntries([...inputs].filter((each) => each.value.trim()).map((each) => [each.name, each.value.trim()]));

async function post(path, body) {
  try {
    const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const text = await response.text();
    const reply = response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : { error: text };
    return { ok: response.ok, ...reply };
  } catch {
    return { ok: false, error: "The bot does not answer. Look into the terminal." };
  }
}

async function test(fieldset) {
  const list = fieldset.querySelector(".findings");
  const button = fieldset.querySelector(".test");
  const given = values(fieldset.querySelectorAll("input"));
  if (!Object.keys(given).length) return show(list, [{ verdict: "maybe", remark: "Paste it first." }]);
  button.disabled = true;
  show(list, [{ verdict: "note", remark: "Testing…" }]);
  const reply = await post("/setup/test", { service: fieldset.dataset.service, values: given });
  button.disabled = false;
  show(list, reply.ok ? reply.findings : [{ verdict: "WRONG", remark: reply.error }]);
  if (reply.ok && reply.usable) offer(reply.models);
}

function show(list, findings) {
  list.replaceChildren(...findings.map(({ verdict, remark }) => {
    const item = document.createElement("li");
    item.className = verdict;
    item.textContent = `${WORDS[verdict]} ${remark}`;
    return item;
  }));
}

function offer(models) {
  const known = new Set([...model.options].map((each) => each.value));
  for (const name of models) if (!known.has(name)) model.append(new Option(name, name));
  if (model.options.length > 1 && model.disabled) {
    model.disabled = false;
    model.options[0].remove();
  }
}

async function save(event) {
  event.preventDefault();
  const button = form.querySelector(":scope > button");
  button.disabled = true;
  const inputs = form.querySelectorAll('input:not([type="radio"], [type="checkbox"]), input[type="radio"]:checked, select:enabled');
  const reply = await post("/setup/save", { values: values(inputs), remember: document.getElementById("remember")?.checked ?? false });
  button.disabled = reply.ok;
  outcome.className = reply.ok ? "ok" : "WRONG";
  outcome.textContent = reply.ok ? "Saved. The bot is starting; this page goes there by itself." : reply.error;
  if (reply.ok) setTimeout(() => follow(LOOKS), 2 * PAUSE);
}

// The set-up answers / with 403, the bot with its page; a bot that was tried already stops first.
async function follow(looks) {
  const response = await fetch("/", { cache: "no-store" }).catch(() => null);
  if (response?.ok) location.replace("/");
  else if (looks) setTimeout(() => follow(looks - 1), PAUSE);
  else outcome.textContent = "Saved, but the bot does not answer here. The terminal says why.";
}

for (const fieldset of form.querySelectorAll("[data-service]")) fieldset.querySelector(".test").addEventListener("click", () => test(fieldset));
form.addEventListener("submit", save);
