package p21

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// row is a row of a table: column -> text, decimal or nil.
type row map[string]any

// errColumn: a filter names what the table does not have, or compares with
// something that is not a literal.
var errColumn = errors.New("could not find a property")

// condition decides about one row.
type condition func(row) bool

// parseFilter reads the dialect that P21's OData takes: eq, ne, gt, ge, lt, le,
// and, or, parentheses; literals on the right. Like the real one it accepts
// "in (...)" and ignores it.
func parseFilter(text string, columns []string) (condition, error) {
	if strings.TrimSpace(text) == "" {
		return func(row) bool { return true }, nil
	}
	p := &filterParser{words: split(text), columns: columns}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.words) > 0 {
		return nil, fmt.Errorf("unexpected %q", p.words[0])
	}
	return c, nil
}

// split cuts a filter into words, parentheses, commas and quoted texts.
func split(text string) []string {
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ':
			i++
		case c == '(' || c == ')' || c == ',':
			words = append(words, string(c))
			i++
		case c == '\'':
			end := i + 1
			for end < len(text) && (text[end] != '\'' || strings.HasPrefix(text[end:], "''")) {
				if text[end] == '\'' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
			words = append(words, text[i:end])
			i = end
		default:
			end := i + strings.IndexAny(text[i:]+" ", " (),'")
			words = append(words, text[i:end])
			i = end
		}
	}
	return words
}

type filterParser struct {
	words   []string
	columns []string
}

func (p *filterParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	word := p.words[0]
	p.words = p.words[1:]
	return word
}

func (p *filterParser) take(word string) bool {
	if len(p.words) == 0 || !strings.EqualFold(p.words[0], word) {
		return false
	}
	p.next()
	return true
}

func (p *filterParser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.take("or") {
		var right condition
		first := left
		if right, err = p.and(); err == nil {
			left = func(r row) bool { return first(r) || right(r) }
		}
	}
	return left, err
}

func (p *filterParser) and() (condition, error) {
	left, err := p.one()
	for err == nil && p.take("and") {
		var right condition
		first := left
		if right, err = p.one(); err == nil {
			left = func(r row) bool { return first(r) && right(r) }
		}
	}
	return left, err
}

func (p *filterParser) one() (condition, error) {
	if p.take("(") {
		c, err := p.or()
		if err == nil && !p.take(")") {
			err = errors.New("a parenthesis is not closed")
		}
		return c, err
	}
	column := p.next()
	if !slices.Contains(p.columns, column) {
		return nil, fmt.Errorf("%w named %q", errColumn, column)
	}
	operator := p.next()
	if operator == "in" {
		for word := p.next(); word != ")"; word = p.next() {
			if word == "" {
				return nil, errors.New("a parenthesis is not closed")
			}
		}
		return func(row) bool { return true }, nil
	}
	holds, ok := operators()[operator]
	if !ok {
		return nil, fmt.Errorf("unexpected %q", operator)
	}
	literal, err := parseLiteral(p.next())
	if err != nil {
		return nil, err
	}
	return func(r row) bool { return r[column] != nil && holds(compare(r[column], literal)) }, nil
}

func operators() map[string]func(int) bool {
	return map[string]func(int) bool{
		"eq": func(c int) bool { return c == 0 }, "ne": func(c int) bool { return c != 0 },
		"gt": func(c int) bool { return c > 0 }, "ge": func(c int) bool { return c >= 0 },
		"lt": func(c int) bool { return c < 0 }, "le": func(c int) bool { return c <= 0 },
	}
}

// parseLiteral reads 'text', a number, true, false or a date.
func parseLiteral(word string) (any, error) {
	if len(word) >= 2 && strings.HasPrefix(word, "'") && strings.HasSuffix(word, "'") {
		return strings.ReplaceAll(word[1:len(word)-1], "''", "'"), nil
	}
	if word == "true" || word == "false" {
		return word == "true", nil
	}
	if number, err := decimal.NewFromString(word); err == nil {
		return number, nil
	}
	if len(word) >= 10 && word[4] == '-' && word[7] == '-' {
		return word, nil
	}
	return nil, fmt.Errorf("%w: %q is not a literal", errColumn, word)
}

// compare orders two values as SQL Server does: texts without regard to case.
// Values of different kinds differ.
func compare(a, b any) int {
	switch left := a.(type) {
	case decimal.Decimal:
		if right, ok := b.(decimal.Decimal); ok {
			return left.Cmp(right)
		}
	case string:
		if right, ok := b.(string); ok {
			return cmp.Compare(strings.ToUpper(left), strings.ToUpper(right))
		}
	case bool:
		if right, ok := b.(bool); ok && left == right {
			return 0
		}
	}
	return -1
}
