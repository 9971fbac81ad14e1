// The reader's choice of light or dark, before anything is drawn. On a disk some browsers keep nothing between pages.
{
  const kept = (name) => {
    try { return localStorage.getItem(name); } catch { return null; }
  };
  const mode = kept("mode") || "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.mode = mode;
  document.documentElement.dataset.theme = mode === "auto" ? (dark ? "dark" : "light") : kept("theme") || mode;
}
