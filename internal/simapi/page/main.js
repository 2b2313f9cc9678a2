// SPDX-License-Identifier: Apache-2.0

// The page follows the fleet: it waits for an event, and looks again.

import {$, get, pill, setText, setPill, rows, el} from './dom.js';
import {showDevices, listQuery} from './list.js';
import {showNetworks} from './networks.js';
import {showDetail, refreshDetail} from './detail.js';

const restAfterLook = 400; // ms, so that thousands of devices are no burden

const rest = ms => new Promise(resolve => setTimeout(resolve, ms));

let again; // ends the present wait

document.addEventListener('changed', () => again?.abort());

function showSummary(fleet) {
  const states = Object.entries(fleet.states).filter(([, n]) => n > 0);
  rows($('summary'), states, () => el('li', {}, pill('off', '')), (li, [state, n]) => {
    setPill(li.firstElementChild, state, `${n} ${state}`);
  });
}

async function look() {
  const [fleet, devices, networks] = await Promise.all([get('v1/fleet'), get('v1/devices?' + listQuery()), get('v1/networks')]);
  showSummary(fleet);
  showDevices(devices);
  showNetworks(networks.networks);
  await refreshDetail();
  return Math.min(fleet.position, devices.position);
}

async function follow() {
  for (;;) {
    const stop = again = new AbortController();
    try {
      const position = await look();
      $('trouble').hidden = true;
      await get(`v1/events?after=${position}&limit=1&wait=20s`, stop.signal);
      await rest(restAfterLook);
    } catch (error) {
      if (stop.signal.aborted) continue;
      setText($('trouble'), 'The simulator does not answer: ' + error.message);
      $('trouble').hidden = false;
      await rest(2000);
    }
  }
}

// The device shown is a part of the address, so that it can be kept and sent on.
function selected() {
  const name = new URLSearchParams(location.hash.slice(1)).get('device');
  showDetail(name);
  document.dispatchEvent(new Event('changed'));
}

addEventListener('hashchange', selected);
selected();
follow();
