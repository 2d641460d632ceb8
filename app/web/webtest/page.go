// Package webtest reads pages as a browser with a strict policy does, for tests.
package webtest

import "regexp"

// unsafe matches scripts, handlers and styles that stand in a page, addresses that
// are programs, and elements that change what addresses mean.
var unsafe = regexp.MustCompile(`(?i)<style[\s>]|<script(?:>|\s[^>]*>)\s*[^<\s]|<[a-z][^<>]*\s(?:on[a-z]+|style|srcdoc|hx-on[:a-z-]*)\s*=|` +
	`<[a-z][^<>]*\s(?:href|src|action|formaction)\s*=\s*["']?\s*(?:javascript|data|vbscript):|<(?:base|object|embed|iframe|meta[^>]*http-equiv)[\s>=]`)

// attribute matches a value between quotes, which may hold anything.
var attribute = regexp.MustCompile(`="[^"]*"`)

// address matches the attributes whose values unsafe looks at.
var address = regexp.MustCompile(`(?i)\s(?:href|src|action|formaction)="[^"]*"`)

// Unsafe returns what stands in a page that a strict policy forbids.
func Unsafe(page string) []string {
	found := unsafe.FindAllString(attribute.ReplaceAllString(page, `=""`), -1)
	for _, a := range address.FindAllString(page, -1) {
		found = append(found, unsafe.FindAllString("<a"+a+">", -1)...)
	}
	return found
}
