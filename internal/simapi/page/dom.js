// SPDX-License-Identifier: Apache-2.0

// What the modules share: elements, requests, and what is told to the user. Text
// gets into the page as text nodes and attributes only, never as HTML: names may be
// anything.

export const $ = id => document.getElementById(id);

// el makes an element. Names of attributes that begin with "on" are listeners.
export function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
    else if (value === true) e.setAttribute(name, '');
    else if (value !== false && value != null) e.setAttribute(name, value);
  }
  e.append(...children.filter(child => child != null));
  return e;
}

// setText changes text only if it is another one: screen readers and selections notice.
export function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

export function setAttribute(e, name, value) {
  if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

// pill shows a state as a word, with a shape and a colour.
export function pill(state, text = state) {
  return el('span', {class: 'pill', 'data-state': state}, text);
}

export function setPill(e, state, text = state) {
  setAttribute(e, 'data-state', state);
  setText(e, text);
}

// rows keeps one element for each item of a list, so that the focus stays where it
// is. make makes an element, update fills it.
export function rows(list, items, make, update) {
  while (list.children.length > items.length) list.lastElementChild.remove();
  items.forEach((item, i) => {
    if (!list.children[i]) list.append(make());
    update(list.children[i], item);
  });
}

// call sends a request and returns the answer; an error says what the server says.
export async function call(method, path, body, signal) {
  const options = {method, signal};
  if (body !== undefined) {
    options.headers = {'Content-Type': 'application/json'};
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options);
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error);
  return value;
}

export const get = (path, signal) => call('GET', path, undefined, signal);

export const devicePath = name => 'v1/devices/' + encodeURIComponent(name);

let fading;

// tell says something for a while.
export function tell(text) {
  const status = $('status');
  status.textContent = text;
  status.classList.remove('faded');
  clearTimeout(fading);
  fading = setTimeout(() => status.classList.add('faded'), 6000);
}

// act does what a click asks for, says what came of it, and lets the page look again.
export async function act(done, request) {
  try {
    const answer = await request();
    tell(typeof done === 'function' ? done(answer) : done);
    document.dispatchEvent(new Event('changed'));
    return true;
  } catch (error) {
    tell('That failed: ' + error.message);
    return false;
  }
}

// confirm asks before something that cannot be undone.
export function confirm(title, text, yes) {
  const dialog = $('confirm');
  $('confirm-title').textContent = title;
  $('confirm-text').textContent = text;
  $('confirm-yes').textContent = yes;
  return new Promise(resolve => {
    const answer = value => () => {
      dialog.close();
      resolve(value);
    };
    $('confirm-yes').onclick = answer(true);
    $('confirm-no').onclick = answer(false);
    dialog.oncancel = answer(false); // the Escape key
    dialog.showModal();
  });
}
