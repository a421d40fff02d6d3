// Tables sort by their headings; without scripts they stand in order of ACER.
for (const table of document.querySelectorAll("table.sorts")) {
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button"; button.append(...head.childNodes); head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.children[column].dataset.key ?? row.children[column].textContent;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [left, right] = [key(a), key(b)];
        const numbers = left !== "" && right !== "" && !isNaN(left) && !isNaN(right);
        return (numbers ? left - right : left.localeCompare(right)) * (up ? 1 : -1);
      });
      table.tBodies[0].append(...rows);
    });
  });
}
