"use strict";
// Each viewer shows two pictures of one case, with an edge between them that a slider or the pointer moves.
for (const viewer of document.querySelectorAll(".viewer")) {
  const find = (name) => viewer.querySelector(name);
  const cases = [...viewer.nextElementSibling.querySelectorAll(".case")];
  const stage = find(".stage"), slider = find(".slider"), flip = find(".flip");
  const which = find(".which"), left = find(".left-name"), right = find(".right-name");

  const picture = (name) =>
    [...cases[which.value].querySelectorAll("img")].find((image) => image.dataset.title === name);
  const show = () => {
    for (const [image, choice, tag] of [[find(".over"), left, find(".tag.left")], [find(".under"), right, find(".tag.right")]]) {
      const source = picture(choice.value);
      image.src = source.src;
      image.alt = source.alt;
      tag.textContent = choice.value;
    }
    move(slider.value);
  };
  const move = (percent) => {
    slider.value = percent;
    stage.style.setProperty("--at", `${percent}%`);
    find(".tag.left").hidden = Number(percent) < 15;
    find(".tag.right").hidden = Number(percent) > 85;
    flip.setAttribute("aria-pressed", String(Number(percent) === 100));
  };

  for (const choice of [which, left, right]) choice.addEventListener("change", show);
  slider.addEventListener("input", () => move(slider.value));
  flip.addEventListener("click", () => move(Number(slider.value) === 100 ? 0 : 100));
  find(".next").addEventListener("click", () => {
    which.value = (Number(which.value) + 1) % cases.length;
    show();
  });
  const drag = (event) => {
    const box = stage.getBoundingClientRect();
    move(Math.round(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width))));
  };
  stage.addEventListener("pointerdown", (event) => { stage.setPointerCapture(event.pointerId); drag(event); });
  stage.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
  cases.forEach((one, number) => one.addEventListener("click", (event) => {
    if (!event.target.dataset.title) return;
    which.value = number;
    right.value = event.target.dataset.title;
    show();
    viewer.scrollIntoView({ block: "nearest" });
  }));

  which.value = Math.floor(cases.length / 2);
  left.value = "input";
  right.selectedIndex = Math.min(2, right.options.length - 1);
  viewer.hidden = false;
  show();
}

// On paper nothing can be unfolded.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
// A narrow screen begins with the numbers, not with the contents.
if (matchMedia("(max-width: 1000px)").matches) document.querySelector("nav details").open = false;
