package hal

// Await blocks until done is closed. With poll it calls that again and again
// instead, for runtimes without a scheduler, on which nobody else could close
// done: poll has to wait a little for something to happen, and handle it.
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
