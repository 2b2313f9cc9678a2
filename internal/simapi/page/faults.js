// SPDX-License-Identifier: Apache-2.0

// Faults by a click, with a form for their fields.

import {act, call, devicePath, el, get} from './dom.js';

// Fields of faults: what they are called, and how they are entered.
const fields = {
  after: {label: 'After', hint: 'at once', duration: true},
  endpoint: {label: 'At requests for', hint: 'any', list: 'fault-endpoints'},
  request: {label: 'From request number', hint: '1', number: 1},
  times: {label: 'Times (-1: all)', hint: '1', number: -1},
  reason: {label: 'Reason'},
  delay: {label: 'Delay', hint: '5s', duration: true},
  for: {label: 'For', hint: 'until cleared', duration: true},
  bytes: {label: 'Bytes that arrive', hint: '0', number: 0},
  operation: {label: 'At write number', hint: '1', number: 1},
};

const durationPattern = '([0-9]+(\\.[0-9]+)?(ms|s|m|h))+';

let form; // what the server says about faults, once

function input(name, required, reasons) {
  const f = fields[name];
  if (name === 'reason') {
    return el('label', {}, f.label, el('select', {name}, el('option', {value: ''}, 'as usual'),
      ...reasons.map(r => el('option', {value: r.number}, r.name))));
  }
  const attributes = {name, required, placeholder: f.hint, autocomplete: 'off', spellcheck: 'false'};
  if (f.number !== undefined) Object.assign(attributes, {type: 'number', min: f.number});
  if (f.duration) Object.assign(attributes, {pattern: durationPattern, title: 'a duration, for example 5s or 200ms'});
  if (f.list) attributes.list = f.list;
  if (required) attributes.value = f.hint;
  return el('label', {}, f.label, el('input', attributes));
}

// faultOf reads the form.
function faultOf(kind, element) {
  const fault = {kind};
  for (const [name, value] of new FormData(element)) {
    if (value !== '') fault[name] = fields[name].number !== undefined || name === 'reason' ? Number(value) : value;
  }
  return fault;
}

// faultCard returns the card with the faults of a device.
export function faultCard(device) {
  const kinds = el('div', {class: 'kinds', role: 'group', 'aria-label': 'Kind of fault'});
  const about = el('p', {class: 'about', id: 'fault-about'});
  const inputs = el('div', {class: 'fields'});
  const inject = el('button', {class: 'main'}, 'Inject');
  let kind;
  const element = el('form', {'aria-describedby': 'fault-about', onsubmit: event => {
    event.preventDefault();
    act(answer => `${device}: ${answer.fault}`, () => call('POST', devicePath(device) + '/faults', faultOf(kind, element)));
  }}, about, inputs, el('div', {class: 'actions'}, inject,
    el('button', {type: 'button', onclick: () => act(`${device} has no faults any more.`, () => call('DELETE', devicePath(device) + '/faults'))}, 'Clear all faults')));

  const choose = chosen => {
    kind = chosen.kind;
    about.textContent = chosen.about;
    inject.textContent = `Inject ${kind}`;
    inputs.replaceChildren(...['after', ...chosen.fields].map(name => input(name, chosen.needs.includes(name), form.reasons)));
    for (const b of kinds.children) b.setAttribute('aria-pressed', String(b.textContent === kind));
  };

  const fill = async () => {
    form ??= await get('v1/fault-kinds');
    if (!document.getElementById('fault-endpoints')) {
      document.body.append(el('datalist', {id: 'fault-endpoints'}, ...form.endpoints.map(value => el('option', {value}))));
    }
    kinds.replaceChildren(...form.kinds.map(k => el('button', {type: 'button', 'aria-pressed': 'false', onclick: () => choose(k)}, k.kind)));
    choose(form.kinds[0]);
  };
  fill().catch(error => { about.textContent = error.message; });

  return el('section', {class: 'card', 'aria-labelledby': 'faults-title'}, el('h2', {id: 'faults-title'}, 'Faults'), kinds, element);
}
