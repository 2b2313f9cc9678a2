// SPDX-License-Identifier: Apache-2.0

// What happens to a device, the newest first: events, and exchanges with clients in
// plain text.

import {el} from './dom.js';

const most = 400; // entries that are kept

const hues = {
  GOT_IP: 'good', PROV_CRED_SUCCESS: 'good', PROV_CRED_FAIL: 'bad', STA_DISCONNECTED: 'bad', ERROR: 'bad', FAULT: 'warn',
  SECURITY_SESSION_CREDENTIALS_MISMATCH: 'bad', SECURITY_SESSION_INVALID_SECURITY_PARAMS: 'bad', TRANSPORT_LOST: 'bad',
};

const pad = (n, width = 2) => String(n).padStart(width, '0');

function clock(time) {
  const t = new Date(time);
  return `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}.${pad(t.getMilliseconds(), 3)}`;
}

// lines writes a message as indented lines.
function lines(message, indent = '') {
  return Object.entries(message).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map(one =>
    one !== null && typeof one === 'object' ? `${indent}${name}:\n${lines(one, indent + '  ')}` : `${indent}${name}: ${one}\n`)).join('');
}

// gist says what a message is in a few words: its kind and what matters most in it.
function gist(message) {
  const parts = Object.values(message).filter(value => value !== null && typeof value === 'object');
  const first = name => message[name] ?? parts.find(part => part[name] !== undefined)?.[name];
  const status = first('status');
  const words = [first('msg'), first('ssid'), first('sta_state') ?? first('state'), first('text')];
  if (status && status !== 'SUCCESS') words.push(status);
  return words.filter(Boolean).join(' ');
}

function body(title, text) {
  return el('div', {}, el('h3', {}, title), el('pre', {}, text || '(empty)'));
}

// key tells events apart; those of a device's own list have no number.
const key = event => `${event.time} ${event.name} ${event.exchange ? JSON.stringify(event.exchange.request) : event.detail}`;

export class Timeline {
  constructor() {
    this.list = el('ol', {class: 'log', tabindex: '0', 'aria-label': 'Events, the newest first'});
    this.seen = new Set();
    const exchanges = el('input', {type: 'checkbox', checked: true, onchange: () => {
      for (const li of this.list.children) this.hide(li);
    }});
    this.exchanges = exchanges;
    this.root = el('section', {class: 'card', 'aria-labelledby': 'log-title'},
      el('div', {class: 'log-head'}, el('h2', {id: 'log-title'}, 'What happens'), el('label', {}, exchanges, 'Exchanges with clients')),
      this.list);
  }

  hide(li) {
    li.hidden = li.dataset.kind === 'exchange' && !this.exchanges.checked;
  }

  // start shows what has happened so far.
  start(events) {
    for (const event of events) {
      this.seen.add(key(event));
      this.show(event);
    }
  }

  // add shows an event of the stream, unless start has shown it.
  add(event) {
    if (!this.seen.delete(key(event))) this.show(event);
  }

  show(event) {
    const time = el('time', {datetime: event.time}, clock(event.time));
    this.put(event.exchange ? this.exchange(time, event.exchange) : el('li', {},
      el('div', {class: 'line ' + (hues[event.name] ?? '')}, time, el('b', {}, event.name), el('span', {}, event.detail ?? ''))));
  }

  exchange(time, x) {
    const answer = x.answer ? gist(x.answer) : `no answer: ${x.error}`;
    return el('li', {'data-kind': 'exchange'}, el('details', {},
      el('summary', {}, el('div', {class: 'line'}, time, el('b', {}, x.endpoint), el('span', {}, [gist(x.request), answer].filter(Boolean).join(' → ')))),
      el('div', {class: 'bodies'}, body('Request', lines(x.request)), body('Answer', x.answer ? lines(x.answer) : x.error))));
  }

  gap(missed) {
    this.put(el('li', {}, el('div', {class: 'line warn'}, el('time'), el('b', {}, 'GAP'), el('span', {}, `${missed} events of all devices were too fast for this page`))));
  }

  put(li) {
    this.hide(li);
    this.list.prepend(li);
    while (this.list.children.length > most) this.list.lastElementChild.remove();
  }
}
