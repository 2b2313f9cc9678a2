// SPDX-License-Identifier: Apache-2.0

package hal

// Await blocks until done is closed. On runtimes without a scheduler nothing could close
// done meanwhile; there poll is given, and Await calls it again and again. poll has to
// wait a little for something to happen, and handle it.
func Await(done <-chan struct{}, poll func()) {
	if poll == nil {
		<-done
		return
	}
	for {
		select {
		case <-done:
			return
		default:
			poll()
		}
	}
}
