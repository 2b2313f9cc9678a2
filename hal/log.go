// SPDX-License-Identifier: Apache-2.0

package hal

// Level is the level of a log message, with the numbers of log/slog.
type Level int8

// Levels.
const (
	LevelDebug Level = -4
	LevelInfo  Level = 0
	LevelWarn  Level = 4
	LevelError Level = 8
)

// Attr is one detail of a log message. It is never a secret.
type Attr struct {
	Key   string
	Value string
}

// Logger takes log messages: a constant text and its details. nil is silent. The
// function may be called from several goroutines at once. It must not keep attrs.
type Logger func(level Level, msg string, attrs ...Attr)

// Log writes one message unless the logger is nil.
func (l Logger) Log(level Level, msg string, attrs ...Attr) {
	if l != nil {
		l(level, msg, attrs...)
	}
}

// Err is the attribute for an error.
func Err(err error) Attr { return Attr{Key: "error", Value: err.Error()} }
