// Package notify tells people and programs outside what happened: by mail and
// by signed webhook. It knows neither what is told nor to whom by itself, and
// keeps nothing: what becomes of an attempt is its answer.
package notify

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Message is what is told at once: one mail or one request.
type Message struct {
	ID    string // the same at every attempt, so that a receiver recognises a repetition
	At    time.Time
	Test  bool // asked for by a person who wants to see whether it arrives
	Items []Item
}

// Item is one occasion of a message.
type Item struct {
	ID         int64     `json:"id"`
	Occasion   string    `json:"occasion"`
	Connection string    `json:"connection,omitempty"`
	Title      string    `json:"title"`
	Text       string    `json:"text,omitempty"`
	Link       string    `json:"link,omitempty"` // absolute
	At         time.Time `json:"at"`
}

// Outcome is what an attempt came to.
type Outcome string

// Outcomes of an attempt.
const (
	Delivered Outcome = "delivered" // the other side took it
	Later     Outcome = "later"     // it may take it another time
	Refused   Outcome = "refused"   // it will not take this one
	Gone      Outcome = "gone"      // it wants none any more
)

// Answer is what the other side said, or why it was not asked.
type Answer struct {
	Outcome Outcome
	Words   string // one line for people; never a secret
}

// maxWords bounds what is kept of the other side's words, in runes.
const maxWords = 400

func answered(o Outcome, words string) Answer { return Answer{o, clip(oneLine(words), maxWords)} }

// oneLine makes text fit for a header or a table: whatever breaks a line or
// steers a terminal becomes a blank.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "�")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

func clip(text string, max int) string {
	if utf8.RuneCountInString(text) <= max {
		return text
	}
	return string([]rune(text)[:max-1]) + "…"
}
