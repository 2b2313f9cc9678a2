// SPDX-License-Identifier: Apache-2.0

package console

import (
	"errors"

	"github.com/wifiprov/wifiprov/protocomm"
)

// Reasons to refuse a line.
var (
	errTooLong = errors.New("the line is too long")
	errWords   = errors.New("the line has fewer than three words: endpoint, session, hex")
	errQuote   = errors.New("a quoted word does not end")
	errEscape  = errors.New(`a backslash is followed by something else than a backslash, a quote or a space`)
	errSession = errors.New("the session is not a decimal number from 0 to 4294967294")
	errOdd     = errors.New("the hex has an odd number of digits")
	errDigit   = errors.New("the hex has a character that is no digit")
	errNoBody  = errors.New("the hex is empty")
)

// command is a line taken apart. The slices are parts of the line.
type command struct {
	name []byte
	id   protocomm.SessionID
	body []byte
}

// maxWords is how many words of a line are looked at.
const maxWords = 3

// split takes a line apart, in place, and returns the number of words, at most
// maxWords. What follows those is not looked at.
func split(line []byte, words *[maxWords][]byte) (n int, err error) {
	in, out := 0, 0 // next to read and to write; out never overtakes in
	for n < maxWords {
		for in < len(line) && line[in] == ' ' {
			in++
		}
		if in == len(line) {
			return n, nil
		}
		end := byte(' ')
		if line[in] == '"' {
			end = '"'
			in++
		}
		begin := out
		for ; in < len(line) && line[in] != end; in++ {
			if line[in] == '\\' {
				in++
				if in == len(line) || line[in] != '\\' && line[in] != '"' && line[in] != ' ' {
					return n, errEscape
				}
			}
			line[out] = line[in]
			out++
		}
		if in < len(line) {
			in++ // the quote or the space
		} else if end == '"' {
			return n, errQuote
		}
		words[n] = line[begin:out:out]
		n++
	}
	return n, nil
}

// parse turns words into a command; the body is decoded in place.
func parse(words *[maxWords][]byte, n int) (c command, err error) {
	if n < maxWords {
		return c, errWords
	}
	c.name = words[0]
	if c.id, err = parseSession(words[1]); err != nil {
		return c, err
	}
	c.body, err = unhex(words[2])
	return c, err
}

// parseSession reads a number strictly; the original takes anything, and 0 for
// what is none (Q-T11).
func parseSession(word []byte) (protocomm.SessionID, error) {
	if len(word) == 0 {
		return 0, errSession
	}
	n := uint64(0)
	for _, c := range word {
		if c < '0' || c > '9' {
			return 0, errSession
		}
		if n = n*10 + uint64(c-'0'); n >= uint64(protocomm.NoSession) {
			return 0, errSession
		}
	}
	return protocomm.SessionID(n), nil
}

// unhex decodes word into its own first half, strictly (Q-T11).
func unhex(word []byte) ([]byte, error) {
	switch {
	case len(word) == 0:
		return nil, errNoBody
	case len(word)%2 != 0:
		return nil, errOdd
	}
	for i := 0; i < len(word); i += 2 {
		hi, lo := nibble(word[i]), nibble(word[i+1])
		if hi > 0xf || lo > 0xf {
			return nil, errDigit
		}
		word[i/2] = hi<<4 | lo
	}
	return word[: len(word)/2 : len(word)/2], nil
}

// nibble is the value of a hexadecimal digit; above 15: it is none.
func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
