package expression

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/shopspring/decimal"
)

// Bounds of what a formula makes on its way: far beyond any field of an order,
// and far below what would stop the worker that reads it.
const (
	maxText   = 64 << 10 // bytes of a text
	maxDigits = 400      // of a number, and how far its point is away
	maxParts  = 10_000   // of a list that is written as text
	maxPieces = 200      // that a text is cut into
	maxWithin = 2        // lists that are gone through within one another
)

var errTooLong = errors.New("what it comes to is too long")

// sane reports whether a number can be worked with: to add "1e999999999" to
// another one, all its digits would have to be made.
func sane(d decimal.Decimal) bool {
	return d.Exponent() <= maxDigits && d.Exponent() >= -maxDigits && d.NumDigits() <= maxDigits
}

// bounded refuses a number that has grown too long.
func bounded(value any, err error) (any, error) {
	if d, ok := value.(decimal.Decimal); ok && err == nil && !sane(d) {
		return nil, errTooLong
	}
	return value, err
}

func short(text string) (string, error) {
	if len(text) > maxText {
		return "", errTooLong
	}
	return text, nil
}

// few counts the parts of a value down, however deep they are.
func few(v reflect.Value, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return v.IsNil() || few(v.Elem(), left)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !few(v.Index(i), left) {
				return false
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if !few(v.MapIndex(key), left) {
				return false
			}
		}
	case reflect.String:
		*left -= v.Len() / 16
	}
	return *left >= 0
}

// texts are the functions and signs by which a text can grow: the language's own
// have no bound.
func texts() []expr.Option {
	return []expr.Option{
		expr.Function("text +", func(p ...any) (any, error) { return short(p[0].(string) + p[1].(string)) }, new(func(string, string) string)),
		expr.Operator("+", "text +"),
		expr.Function("replace", func(p ...any) (any, error) {
			text, old, fresh := p[0].(string), p[1].(string), p[2].(string)
			if len(text)+(len(text)+1)*len(fresh) > maxText && len(text)+strings.Count(text, old)*(len(fresh)-len(old)) > maxText {
				return nil, errTooLong
			}
			return strings.ReplaceAll(text, old, fresh), nil
		}, strings.ReplaceAll),
		expr.Function("split", func(p ...any) (any, error) {
			pieces := strings.SplitN(p[0].(string), p[1].(string), maxPieces+1)
			if len(pieces) > maxPieces {
				return nil, errTooLong
			}
			return pieces, nil
		}, strings.Split),
		expr.Function("join", joined, strings.Join, new(func([]string) string), new(func([]any, string) string), new(func([]any) string)),
	}
}

// joined puts a list of texts together.
func joined(p ...any) (any, error) {
	glue, size := "", 0
	if len(p) == 2 {
		glue = p[1].(string)
	}
	list := reflect.ValueOf(p[0])
	pieces := make([]string, 0, min(list.Len(), maxParts))
	for i := range list.Len() {
		text, ok := list.Index(i).Interface().(string)
		if !ok {
			return nil, errors.New("join takes a list of texts")
		}
		if size += len(text) + len(glue); size > maxText+len(glue) {
			return nil, errTooLong
		}
		pieces = append(pieces, text)
	}
	return strings.Join(pieces, glue), nil
}

// nesting finds how many lists are gone through within one another.
type nesting struct{ under map[ast.Node]int }

// Visit implements ast.Visitor; what is inside a node comes before it.
func (n nesting) Visit(node *ast.Node) {
	if b, ok := (*node).(*ast.BinaryNode); ok && b.Operator == ".." {
		n.under[b] = endless
	}
	loop, ok := (*node).(*ast.PredicateNode)
	if !ok {
		return
	}
	inner := &deepest{n.under, 0}
	ast.Walk(&loop.Node, inner)
	n.under[loop] = inner.depth + 1
}

// deepest is the deepest of the loops that are known.
type deepest struct {
	under map[ast.Node]int
	depth int
}

// Visit implements ast.Visitor.
func (d *deepest) Visit(node *ast.Node) { d.depth = max(d.depth, d.under[*node]) }

// endless is the depth of a run of numbers, 1..1000000: a list of any length.
const endless = 1000

// shallow refuses lists within lists within lists: the time they take is the
// product of their lengths.
func shallow(node ast.Node) error {
	n := nesting{map[ast.Node]int{}}
	ast.Walk(&node, n)
	for _, depth := range n.under {
		if depth >= endless {
			return &Error{Message: "A run of numbers (..) is no list of a record."}
		}
		if depth > maxWithin {
			return &Error{Message: fmt.Sprintf("At most %d lists can be gone through within one another.", maxWithin)}
		}
	}
	return nil
}
