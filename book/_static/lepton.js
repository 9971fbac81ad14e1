// A page opened from a disk cannot read other pages: search results come without excerpts then.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
addEventListener("DOMContentLoaded", () => document.querySelector(".bd-search-container input")?.focus());
