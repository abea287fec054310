"use strict";
// What is above was made from the circuit: `nodes`, `point`, `output`, `upstream`, and `passes`, both passes as a
// straight-line program. Here is what the page does with them.

const byId = id => document.getElementById(id);
const inputs = nodes.flatMap((node, index) => (node.kind === "input" ? [index] : []));
const gates = nodes.flatMap((node, index) => (node.kind === "gate" ? [index] : []));
const users = nodes.map(() => []);
nodes.forEach((node, index) => node.inputs.forEach((source, slot) => users[source].push([index, slot])));

// ── steps: each gate forward, the output's own gradient, each gate backward ──

const steps = [
  { kind: "start" },
  ...gates.map(at => ({ kind: "forward", at })),
  { kind: "seed", at: output },
  ...gates.filter(at => nodes[at].varies).reverse().map(at => ({ kind: "backward", at })),
];
const forwardStep = new Map(), backwardStep = new Map();
steps.forEach((each, number) => {
  if (each.kind === "forward") forwardStep.set(each.at, number);
  if (each.kind === "backward") backwardStep.set(each.at, number);
});
const seedStep = steps.findIndex(each => each.kind === "seed");

// ── state ──

let x = point.slice(), step = steps.length - 1, drawn = null, chosen = null, timer = null;
let now = passes(x, upstream);
const hasValue = at => nodes[at].kind !== "gate" || step >= forwardStep.get(at);
const sentYet = at => backwardStep.has(at) && step >= backwardStep.get(at);

// The gradient of a node as far as it has arrived: a sum that grows with each path. Null before the first.
function arrived(at) {
  if (!nodes[at].varies || step < seedStep) return null;
  if (step === steps.length - 1) return now.gradient[at] ?? 0;
  let sum = at === output ? upstream : null;
  for (const [user, slot] of users[at])
    if (sentYet(user) && now.sent[user][slot] !== null) sum = (sum ?? 0) + now.sent[user][slot];
  return sum;
}

// ── numbers ──

// As the program's own pictures write them.
function short(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0.00";
  const size = Math.abs(value);
  const text = size >= 1e4 || size < 5e-3 ? value.toExponential(1).replace("e+", "e") : value.toFixed(2);
  return text.replace(/-/g, "−");
}
const maybe = value => (value === null ? "" : short(value));

// ── elements ──

const parts = nodes.map((node, at) => ({
  node: byId("n" + at),
  value: byId("v" + at),
  gradient: byId("d" + at),
  name: byId("a" + at),
  shares: node.inputs.map((_, slot) => byId(`c${at}_${slot}`)),
  wires: [...document.querySelectorAll(`[data-into="${at}"]`)],
  said: "",
  state: "",
}));
function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}
// An element with texts and elements in it: nothing is ever parsed as HTML.
function made(tag, role, ...content) {
  const element = document.createElement(tag);
  if (role) element.className = role;
  element.append(...content);
  return element;
}

// A page of 500 gates has 2,000 texts to lay out: a slider redraws at once those in view, and the others as it rests.
const unseen = new Set();
let resting = null;
const observer = new IntersectionObserver(found => {
  for (const { target, isIntersecting } of found) {
    const at = Number(target.id.slice(1));
    isIntersecting ? unseen.delete(at) : unseen.add(at);
  }
});
parts.forEach(({ node }) => observer.observe(node));

// ── drawing ──

function draw() {
  const { kind, at: active } = steps[step];
  nodes.forEach((_, at) => unseen.has(at) || drawNode(at));
  clearTimeout(resting);
  resting = setTimeout(() => nodes.forEach((_, at) => drawNode(at)), 100);
  document.querySelectorAll(".wire.forward,.wire.backward").forEach(wire => wire.classList.remove("forward", "backward"));
  if (kind === "forward" || kind === "backward") parts[active].wires.forEach(wire => wire.classList.add(kind));
  byId("scrub").value = step;
  byId("scrub").setAttribute("aria-valuetext", `step ${step} of ${steps.length - 1}`);
  write(byId("count"), `${step} / ${steps.length - 1}`);
  byId("previous").disabled = byId("first").disabled = step === 0;
  byId("next").disabled = byId("last").disabled = step === steps.length - 1;
  byId("say").replaceChildren(...said(steps[step]));
  for (const at of inputs) {
    const gradient = arrived(at);
    write(byId("g" + at), gradient === null ? "" : `d${nodes[at].name} ${short(gradient)}`);
  }
  drawChain();
  // Where a line or a gate is can be asked only after a layout of the whole page: not at each value of a slider.
  if (drawn !== step) {
    drawCode();
    follow(active);
    drawn = step;
  }
}

function drawNode(at) {
  const node = nodes[at], active = at === steps[step].at;
  const part = parts[at], gradient = arrived(at), value = hasValue(at) ? short(now.value[at]) : "";
  write(part.value, value);
  write(part.gradient, maybe(gradient));
  part.shares.forEach((share, slot) => write(share, sentYet(at) ? maybe(now.sent[at][slot]) : ""));
  const state = `node${value ? "" : " waiting"}${active ? " active" : ""}${chosen === at ? " chosen" : ""}`;
  if (state !== part.state) part.node.setAttribute("class", (part.state = state));
  const what = node.kind === "gate" ? `gate ${node.name} = ${node.expression}` : `${node.kind} ${node.name}`;
  const slope = node.varies ? `, gradient ${gradient === null ? "not yet" : short(gradient)}` : "";
  const label = `${what}: value ${value || "not yet"}${slope}`;
  if (label !== part.said) part.node.setAttribute("aria-label", (part.said = label));
}

function said({ kind, at }) {
  const wrong = gates.find(gate => !Number.isFinite(now.value[gate]));
  if (wrong !== undefined)
    return [made("span", "wrong", `${nodes[wrong].name} = ${nodes[wrong].expression} is ${short(now.value[wrong])} here.`)];
  if (kind === "start") return ["The inputs are set. Step forward to begin the forward pass."];
  const node = nodes[at];
  if (kind === "forward")
    return [`Forward: ${node.name} = ${node.expression} = `, made("b", "value", short(now.value[at]))];
  if (kind === "seed")
    return [`Backward: the gradient on the output ${node.name} is `, made("b", "gradient", short(upstream))];
  const told = [`Backward through ${node.label}: `];
  node.inputs.forEach((source, slot) => {
    if (now.local[at][slot] === null) return;
    if (told.length > 1) told.push("; ");
    const plus = users[source].length > 1 ? "+=" : "=";
    told.push(`d${nodes[source].name} ${plus} ${short(now.local[at][slot])} × ${short(now.gradient[at] ?? 0)} = `);
    told.push(made("b", "gradient", short(now.sent[at][slot] ?? 0)));
  });
  return told;
}

function drawCode() {
  const list = byId("code");
  lines.forEach((line, number) => {
    const role = number + 1 === step ? "now" : number + 1 > step ? "later" : "";
    if (line.className !== role) line.className = role;
    if (role === "now") line.setAttribute("aria-current", "step");
    else line.removeAttribute("aria-current");
  });
  const line = lines[step - 1];
  if (!line) return void (list.scrollTop = 0);
  const top = line.offsetTop - list.offsetTop;
  if (top < list.scrollTop || top > list.scrollTop + list.clientHeight - 24) list.scrollTop = top - list.clientHeight / 2;
}

// The product of local and upstream gradient at the gate that was chosen, and the sum where its value forks.
function drawChain() {
  if (chosen === null) return;
  const node = nodes[chosen], gradient = arrived(chosen), shown = [];
  write(byId("who"), node.name);
  if (node.inputs.length) {
    const table = made("table", "", made("tr", "", ...["input", "local", "× upstream", "= sent back"].map(t => made("th", "", t))));
    node.inputs.forEach((source, slot) => {
      const local = now.local[chosen][slot], sent = now.sent[chosen][slot];
      const cells = local === null ? ["", "", "constant"] : [short(local), "× " + short(now.gradient[chosen] ?? 0), "= " + short(sent ?? 0)];
      table.append(made("tr", "", made("td", "", nodes[source].name), ...cells.map((t, i) => made("td", i ? "gradient" : "", t))));
    });
    shown.push(made("p", "", `${node.name} = ${node.expression} = `, made("span", "value", hasValue(chosen) ? short(now.value[chosen]) : "…")), table);
  } else shown.push(made("p", "", `${node.name} = `, made("span", "value", short(now.value[chosen]))));
  const paths = users[chosen].filter(([user, slot]) => now.local[user][slot] !== null);
  if (paths.length > 1) {
    const sum = paths.map(([user, slot]) => (sentYet(user) ? short(now.sent[user][slot] ?? 0) : "…")).join(" + ");
    shown.push(made("p", "", "A fork: the gradients of its branches add up. ", made("span", "gradient", `${sum}${gradient === null ? "" : " = " + short(gradient)}`)));
  } else if (node.varies) shown.push(made("p", "", "gradient ", made("b", "gradient", gradient === null ? "not yet" : short(gradient))));
  byId("chain").replaceChildren(...shown);
}

// Keep the active gate in view, where the picture is wider than its frame.
function follow(at) {
  const stage = byId("stage");
  if (at === undefined || (stage.scrollWidth <= stage.clientWidth && stage.scrollHeight <= stage.clientHeight)) return;
  const box = parts[at].node.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  if (box.left < frame.left + 8 || box.right > frame.right - 8) stage.scrollLeft += box.left - frame.left - frame.width / 3;
  if (box.top < frame.top + 8 || box.bottom > frame.bottom - 8) stage.scrollTop += box.top - frame.top - frame.height / 3;
}

// ── what the reader does ──

function go(to) {
  step = Math.max(0, Math.min(steps.length - 1, to));
  draw();
  remember();
}
function stop() {
  clearInterval(timer);
  timer = null;
  write(byId("play"), "play");
}
function play() {
  if (timer !== null) return stop();
  if (step === steps.length - 1) step = 0;
  write(byId("play"), "pause");
  timer = setInterval(() => (step >= steps.length - 1 ? stop() : go(step + 1)), 700);
  draw();
}

// Change an input: compare the change of the output that its gradient predicts with the one that comes.
function change(at, to) {
  if (!Number.isFinite(to)) return;
  const place = inputs.indexOf(at), before = now.value[output], by = to - x[place];
  const predicted = ((now.gradient[at] ?? 0) / upstream) * by;
  x[place] = to;
  now = passes(x, upstream);
  const name = nodes[output].name;
  byId("nudge").replaceChildren(
    `${nodes[at].name} changed by ${short(by)}: ${name} by `,
    made("span", "gradient", `${short(predicted)} predicted`),
    ", ",
    made("span", "value", `${short(now.value[output] - before)} in fact`),
  );
  show(at);
  draw();
  remember();
}
function show(at) {
  const value = x[inputs.indexOf(at)], slider = byId("s" + at), field = byId("x" + at);
  slider.value = value;
  if (document.activeElement !== field) field.value = value;
}
function choose(at) {
  chosen = at;
  draw();
}

// The state is in the address: inputs by name, and the step as ~step, which is no name.
function remember() {
  const words = inputs.map((at, place) => `${encodeURIComponent(nodes[at].name)}=${x[place]}`);
  try {
    history.replaceState(null, "", `#${[...words, `~step=${step}`].join("&")}`);
  } catch {
    // the browser allows this only so often
  }
}
function recall() {
  for (const word of location.hash.slice(1).split("&")) {
    const equals = word.lastIndexOf("="), number = Number(word.slice(equals + 1));
    if (equals < 1 || word.length === equals + 1 || !Number.isFinite(number)) continue;
    let name = "";
    try {
      name = decodeURIComponent(word.slice(0, equals));
    } catch {
      continue;
    }
    const place = inputs.findIndex(at => nodes[at].name === name);
    if (name === "~step") step = Math.max(0, Math.min(steps.length - 1, Math.floor(number)));
    else if (place >= 0) x[place] = number;
  }
  now = passes(x, upstream);
  inputs.forEach(show);
  draw();
}

// ── the panels ──

inputs.forEach((at, place) => {
  const { name } = nodes[at], span = Math.max(5, 2 * Math.abs(point[place]));
  const reach = Number.isFinite(span) ? span : 5;
  const label = made("label", "", name), slider = made("input"), field = made("input"), gradient = made("span", "gradient");
  label.htmlFor = field.id = "x" + at;
  Object.assign(slider, { id: "s" + at, type: "range", min: -reach, max: reach, step: "any" });
  slider.setAttribute("aria-label", `${name}, slider`);
  Object.assign(field, { type: "number", step: "any" });
  gradient.id = "g" + at;
  byId("inputs").append(made("div", "given", label, slider, field, gradient));
  slider.addEventListener("input", () => change(at, Number(slider.value)));
  field.addEventListener("input", () => change(at, field.valueAsNumber));
});
const lines = steps.slice(1).map(({ kind, at }, number) => {
  const node = nodes[at];
  const text = kind === "forward" ? `${node.name} = ${node.expression}` : kind === "seed" ? `d${node.name} = ${short(upstream)}` : node.backward.join("\n");
  const line = made("li", "", text);
  line.addEventListener("click", () => go(number + 1));
  return line;
});
byId("code").append(...lines);
parts.forEach(({ node }, at) => {
  for (const event of ["pointerenter", "focus", "click"]) node.addEventListener(event, () => chosen !== at && choose(at));
});

byId("scrub").max = steps.length - 1;
byId("scrub").addEventListener("input", event => go(Number(event.target.value)));
byId("first").addEventListener("click", () => go(0));
byId("previous").addEventListener("click", () => go(step - 1));
byId("next").addEventListener("click", () => go(step + 1));
byId("last").addEventListener("click", () => go(steps.length - 1));
byId("play").addEventListener("click", play);
byId("reset").addEventListener("click", () => {
  x = point.slice();
  now = passes(x, upstream);
  byId("nudge").replaceChildren();
  inputs.forEach(show);
  draw();
  remember();
});
byId("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme:dark)").matches;
  root.dataset.theme = (root.dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
});
byId("zoom").addEventListener("click", () => {
  byId("zoom").setAttribute("aria-pressed", document.body.classList.toggle("actual"));
});
document.addEventListener("keydown", event => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  const moves = { ArrowRight: step + 1, ArrowLeft: step - 1, Home: 0, End: steps.length - 1 };
  if (event.key in moves) {
    event.preventDefault();
    go(moves[event.key]);
  } else if (event.key === " " && event.target.tagName !== "BUTTON") {
    event.preventDefault();
    play();
  }
});
addEventListener("hashchange", recall);
recall();
