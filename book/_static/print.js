// What is done to the one document before it is printed: one function without arguments, evaluated by printing.py.
() => {
  // A drawing of several panels, one below the other, becomes a drawing a panel: it can go on over the foot of a sheet,
  // and none has to be made so small that a column of panels fits one. Panels side by side, legends stay together.
  const SMALLEST = 45; // points: what is lower than this belongs to what stands above it
  const rows = (parts) => {
    const found = [];
    for (const part of parts) {
      const box = part.getBBox(), [top, foot] = [box.y, box.y + box.height], last = found[found.length - 1];
      if (last && (top < last.foot || foot - top < SMALLEST)) {
        last.parts.push(part);
        last.foot = Math.max(last.foot, foot);
      } else found.push({ parts: [part], top, foot });
    }
    return found;
  };
  for (const svg of document.querySelectorAll(".lepton-figure > svg")) {
    const drawn = svg.querySelector(":scope > g"), [ground, ...parts] = drawn ? drawn.children : [];
    const found = rows(parts), { width, height } = svg.viewBox.baseVal;
    if (found.length < 2) continue;
    const cuts = found.map((row, at) => (at ? (found[at - 1].foot + row.top) / 2 : 0)).concat(height);
    const window_ = (drawing, at) => {
      drawing.setAttribute("viewBox", `0 ${cuts[at]} ${width} ${cuts[at + 1] - cuts[at]}`);
      drawing.setAttribute("height", `${cuts[at + 1] - cuts[at]}pt`);
    };
    let before = svg;
    found.slice(1).forEach((row, at) => {
      const below = svg.cloneNode(false);
      below.removeAttribute("role");
      below.removeAttribute("aria-label");
      below.setAttribute("aria-hidden", "true"); // the first says what all of them show
      window_(below, at + 1);
      below.append(drawn.cloneNode(false));
      below.firstChild.append(...row.parts);
      before.after(below);
      before = below;
    });
    ground.remove();
    window_(svg, 0);
    svg.parentElement.classList.add("lepton-panels");
  }
  // What is wider than a sheet becomes as much smaller as it must be, so that nothing is cut at its edge; a table stays
  // whole where that leaves less than a quarter of a sheet empty.
  for (const box of document.querySelectorAll(".lepton-table, .pst-scrollable-table-container, .lepton-equation, .cell_output")) {
    const room = box.clientWidth, inside = box.querySelector("table, .lepton-formula");
    if (inside && room && inside.scrollWidth > room) inside.style.zoom = Math.floor(100 * room / inside.scrollWidth) / 100;
    if (inside && box.matches(".lepton-table")) box.style.breakInside = box.offsetHeight < innerHeight / 4 ? "avoid" : "auto";
  }
  // Contents a little longer than a sheet become one.
  const contents = document.querySelector(".lepton-contents"), share = contents ? innerHeight / contents.offsetHeight : 1;
  if (share < 1 && share > 0.86) contents.style.zoom = 0.98 * share;
}
