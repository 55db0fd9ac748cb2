// The title and the icon of a tab that nobody looks at tell of answers that came meanwhile.

const icon = document.querySelector("link[rel=icon]");
const title = document.title;
let news = 0;

export function tellNews() {
  if (document.hidden) show(news + 1);
}

function show(count) {
  news = count;
  document.title = count ? `(${count}) ${title}` : title;
  icon.href = count ? "/static/icon-new.svg" : "/static/icon.svg";
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) show(0); });
