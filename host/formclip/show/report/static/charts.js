// The value at the pointer and at the keyboard. Everything else of a chart is there without a script.
(() => {
  const LEFT = 46 / 380, RIGHT = 370 / 380;
  const figure = (value, digits) =>
    value.toFixed(digits).replace(/^-(?=0(\.0*)?$)/, "").replace("-", "\u2212");

  function text(chart, i) {
    const at = chart.n ? chart.n[i] : figure(chart.x[i], chart.a) + chart.s;
    const range = chart.l ? ` (${figure(chart.l[i], chart.d)} to ${figure(chart.h[i], chart.d)})` : "";
    const cues = (chart.t || []).filter(([x]) => nearest(chart, x) === i).map(([, said]) => said);
    return [`${at}: ${figure(chart.m[i], chart.d)} ${chart.u}${range}`, ...cues].join(" \u00b7 ");
  }

  function nearest(chart, x) {
    let found = 0;
    chart.x.forEach((one, i) => { if (Math.abs(one - x) < Math.abs(chart.x[found] - x)) found = i; });
    return found;
  }

  function attach(plot) {
    const chart = JSON.parse(plot.dataset.chart);
    const [from, to] = chart.r;
    const out = plot.parentElement.querySelector(".readout");
    const cursor = document.createElement("span");
    cursor.className = "cursor";
    cursor.hidden = true;
    plot.append(cursor);
    let at = 0;

    function show(i) {
      at = Math.max(0, Math.min(chart.x.length - 1, i));
      const said = text(chart, at);
      const share = to > from ? (chart.x[at] - from) / (to - from) : 0;
      cursor.hidden = false;
      cursor.style.left = 100 * (LEFT + share * (RIGHT - LEFT)) + "%";
      out.textContent = said;
      plot.setAttribute("aria-valuenow", at);
      plot.setAttribute("aria-valuetext", said);
    }

    plot.setAttribute("role", "slider");
    plot.setAttribute("aria-valuemin", 0);
    plot.setAttribute("aria-valuemax", chart.x.length - 1);
    plot.setAttribute("aria-valuenow", 0);
    plot.setAttribute("aria-valuetext", text(chart, 0));
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width - LEFT) / (RIGHT - LEFT);
      show(nearest(chart, from + share * (to - from)));
    });
    plot.addEventListener("pointerleave", () => { cursor.hidden = true; });
    plot.addEventListener("focus", () => show(at));
    plot.addEventListener("blur", () => { cursor.hidden = true; });
    plot.addEventListener("keydown", (event) => {
      const far = Math.max(1, Math.round(chart.x.length / 10));
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far }[event.key];
      if (step) show(at + step);
      else if (event.key === "Home") show(0);
      else if (event.key === "End") show(chart.x.length - 1);
      else return;
      event.preventDefault();
    });
  }

  const attachAll = (root) => root.querySelectorAll(".plot[data-chart]:not([role=slider])").forEach(attach);
  attachAll(document);
  document.addEventListener("htmx:afterSettle", () => attachAll(document));
})();
