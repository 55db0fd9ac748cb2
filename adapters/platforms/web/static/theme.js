// The colours that somebody chose on this device, before anything is shown. The only script that is no module.
try {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
} catch { /* a browser that keeps nothing */ }
