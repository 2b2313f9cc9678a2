package client

// devicePrompt is what the device shows, at the begin of a line, when it waits
// for a request.
const devicePrompt = ">> "

// emptyAnswerBlanks is how many line ends in a row precede the prompt after an
// empty answer: those before and after the answer, and the prompt's own. A
// refusal has the last alone.
const emptyAnswerBlanks = 3

// screen makes sense of what a console shows, character by character.
type screen struct {
	max int // longest line that is kept

	line    []byte // the present one so far
	hex     bool   // it is nothing but lower-case hex
	cut     bool   // and longer than max
	content bool   // something stands on it, perhaps before a CR
	blanks  int    // empty lines before it

	everPrompt bool

	// Since the last clear:

	events   int  // answers and prompts
	complete bool // a prompt followed the answer
	answered bool
	answer   []byte // hex digits; of answered
	tooLong  bool   // an answer was cut
	end      error  // the stream has ended
}

// clear forgets what was shown, but not where the cursor is.
func (s *screen) clear() {
	s.events, s.complete, s.answered, s.tooLong = 0, false, false, false
	s.answer = s.answer[:0]
	s.blanks = 0
}

// show takes one character.
func (s *screen) show(c byte) {
	switch c {
	case '\r':
		s.endLine()
	case '\n':
		s.endLine()
		if s.content {
			s.blanks = 0
		} else {
			s.blanks++
		}
		s.content = false
	default:
		if len(s.line) == 0 {
			s.hex, s.cut = true, false
		}
		s.content = true
		s.hex = s.hex && ('0' <= c && c <= '9' || 'a' <= c && c <= 'f')
		if len(s.line) == max(s.max, len(devicePrompt)) {
			s.cut = true
			return
		}
		if s.line = append(s.line, c); string(s.line) == devicePrompt {
			s.prompt()
		}
	}
}

// endLine looks at a line that is complete: a CR or a LF followed.
func (s *screen) endLine() {
	switch {
	case len(s.line) == 0 || !s.hex:
	case s.cut:
		s.found(true)
	case len(s.line)%2 == 0:
		s.answer = append(s.answer[:0], s.line...)
		s.found(false)
	}
	clear(s.line)
	s.line = s.line[:0]
}

// found notes that an answer is there.
func (s *screen) found(tooLong bool) {
	s.answered, s.tooLong, s.complete = true, tooLong, false
	s.events++
}

// prompt notes that the device waits for a request.
func (s *screen) prompt() {
	if !s.answered && s.blanks >= emptyAnswerBlanks {
		s.found(false) // an empty one
	}
	s.complete = s.answered
	s.events++
	s.everPrompt = true
	s.line = s.line[:0]
	s.content, s.blanks = false, 0
}

// finish notes that nothing more comes.
func (s *screen) finish(err error) {
	s.endLine()
	s.end = err
}
