// SPDX-License-Identifier: Apache-2.0

// The device that is shown.

import {$, act, call, confirm, devicePath, el, get, pill, setPill, setText, tell} from './dom.js';
import {faultCard} from './faults.js';
import {Timeline} from './timeline.js';

let shown = null; // the view of a device

export const shownDevice = () => shown?.name;

// showDetail shows a device; null: none.
export function showDetail(name) {
  if (name === (shown?.name ?? null)) return;
  shown?.close();
  shown = name === null ? null : new View(name);
  document.title = (name === null ? '' : name + ' – ') + 'Simulated devices';
  $('detail').replaceChildren(shown?.root ?? el('p', {class: 'empty'}, 'Choose a device to see what it does, and to break it.'));
}

// refreshDetail looks at the device again.
export async function refreshDetail() {
  await shown?.refresh();
}

const securities = ['0, none', '1, with a proof of possession', '2, with a password'];

class View {
  constructor(name) {
    this.name = name;
    this.state = pill('off', '');
    this.facts = el('dl');
    this.qr = el('div', {class: 'qr', hidden: true});
    this.timeline = new Timeline();
    this.on = this.button('Power on', 'power-on', 'is on.');
    this.off = this.button('Power off', 'power-off', 'has no power.');
    this.on.hidden = true; // until it is known to be off
    this.reboot = this.button('Reboot', 'reboot', 'reboots.');
    this.reset = this.button('Factory reset', 'factory-reset', 'is as new.', {
      title: `Reset ${name}?`, text: 'This erases its flash: the network that it knows, and all that it has stored.', yes: 'Erase and reboot',
    });
    this.root = el('div', {class: 'side'},
      el('section', {class: 'card head', 'aria-label': 'State and power'},
        el('h2', {}, name), this.state, el('div', {class: 'actions'}, this.on, this.off, this.reboot, this.reset)),
      el('div', {class: 'pair'},
        el('section', {class: 'card', 'aria-labelledby': 'label-title'}, el('h2', {id: 'label-title'}, 'Label'), el('div', {class: 'label'}, this.qr, this.facts)),
        faultCard(name)),
      this.timeline.root);
  }

  button(text, action, done, question) {
    const press = async () => {
      if (question && !await confirm(question.title, question.text, question.yes)) return;
      act(`${this.name} ${done}`, () => call('POST', `${devicePath(this.name)}/${action}`, {}));
    };
    return el('button', {type: 'button', class: question ? 'danger' : '', onclick: press}, text);
  }

  async refresh() {
    let d;
    try {
      d = await get(devicePath(this.name));
    } catch (error) {
      if (shown === this) this.root.replaceChildren(el('p', {class: 'empty'}, error.message));
      return;
    }
    if (shown !== this) return;
    if (this.last && this.last !== d.state) tell(`${d.name} is ${d.state}.`);
    this.last = d.state;
    setPill(this.state, d.state);
    const focused = document.activeElement;
    this.on.hidden = d.on;
    this.off.hidden = !d.on;
    this.reboot.disabled = !d.on;
    if (focused === this.on && d.on) this.off.focus();
    if ((focused === this.off || focused === this.reboot) && !d.on) this.on.focus();
    this.showFacts(d);
    await this.showQR(d.qr);
    if (!this.events) this.follow(d);
  }

  showFacts(d) {
    const facts = [
      ['Reached at', d.address, true], ['Transport', d.transport], ['Security', securities[d.security]],
      ['User name', d.username, true], [d.security === 2 ? 'Password' : 'Proof of possession', d.pop, true],
      ['Wi-Fi address', d.mac, true], ['Network', d.network], ['IP address', d.ip, true],
    ].filter(([, value]) => value);
    const text = JSON.stringify(facts);
    if (text === this.factsText) return;
    this.factsText = text;
    this.facts.replaceChildren(...facts.map(([term, value, code]) => el('div', {}, el('dt', {}, term), el('dd', {class: code ? 'code' : ''}, value))));
  }

  // showQR draws the code that stands for a payload.
  async showQR(payload) {
    if (payload === this.payload) return;
    this.payload = payload;
    this.qr.hidden = !payload;
    if (!payload) return;
    const answer = await fetch(devicePath(this.name) + '/qr.svg');
    const svg = new DOMParser().parseFromString(await answer.text(), 'image/svg+xml').documentElement;
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', `QR code for an app: ${payload}`);
    this.qr.replaceChildren(document.adoptNode(svg));
  }

  // follow shows what has happened, and goes on with what happens.
  follow(d) {
    const past = [...d.events, ...d.exchanges.map(x => ({time: x.time, name: 'EXCHANGE', exchange: x}))];
    past.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
    this.timeline.start(past);
    this.events = new EventSource(`v1/events/stream?after=${d.position}&device=${encodeURIComponent(this.name)}`);
    this.events.onmessage = message => this.timeline.add(JSON.parse(message.data));
    this.events.addEventListener('gap', message => this.timeline.gap(JSON.parse(message.data).missed));
  }

  close() {
    this.events?.close();
  }
}
