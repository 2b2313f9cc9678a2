// SPDX-License-Identifier: Apache-2.0

package client

// devicePrompt is what the device shows at the beginning of a line when it waits
// for a request.
const devicePrompt = ">> "

// emptyAnswerBlanks is the number of line ends in a row between an empty answer
// and the prompt: one before the answer, one after it, and the prompt's own. After
// a refusal there is only the prompt's own.
const emptyAnswerBlanks = 3

// screen finds answers and prompts in what a console shows.
type screen struct {
	max int // length of the longest line that is kept

	line    []byte // the present line so far
	hex     bool   // the line consists of lower-case hexadecimal digits
	cut     bool   // the line is longer than max
	content bool   // the line is not empty, even if a CR has cleared it
	blanks  int    // empty lines before it

	everPrompt bool

	// The following fields tell what came since the last clear.

	events   int  // answers and prompts
	complete bool // a prompt followed the answer
	answered bool
	answer   []byte // hexadecimal digits, if answered
	tooLong  bool   // the answer was cut
	end      error  // the stream has ended
}

// clear forgets the answers and prompts, but keeps the present line.
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

// endLine examines a line that a CR or a LF has ended.
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

// found notes an answer.
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

// finish notes the end of the stream.
func (s *screen) finish(err error) {
	s.endLine()
	s.end = err
}
