package expression

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/shopspring/decimal"
)

var (
	typeDecimal = reflect.TypeFor[decimal.Decimal]()
	typeTime    = reflect.TypeFor[time.Time]()
)

// literals turns each number that is written with a point into a decimal, as
// it is written.
type literals struct{}

// Visit implements ast.Visitor.
func (literals) Visit(node *ast.Node) {
	float, ok := (*node).(*ast.FloatNode)
	if !ok {
		return
	}
	// The shortest text that reads back to the same float is what was written, up to 15 digits.
	exact, err := decimal.NewFromString(strconv.FormatFloat(float.Value, 'f', -1, 64))
	if err == nil {
		ast.Patch(node, &ast.ConstantNode{Value: exact})
		(*node).SetType(typeDecimal)
	}
}

// compared are the operators that the language itself applies to whatever
// stands on their sides.
var compared = []string{"==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "**", "^", "in"}

// inexact finds operators that would work on floats or on values whose type
// nobody knows: there an equal amount may be unequal.
type inexact struct{ found *Error }

// Visit implements ast.Visitor.
func (v *inexact) Visit(node *ast.Node) {
	operator, ok := (*node).(*ast.BinaryNode)
	if !ok || v.found != nil || !slices.Contains(compared, operator.Operator) {
		return
	}
	column := (*node).Location().From + 1
	if none(operator.Left) || none(operator.Right) {
		return
	}
	for _, side := range []ast.Node{operator.Left, operator.Right} {
		if problem := problemOf(side.Type(), operator.Operator); problem != "" {
			v.found = &Error{Message: fmt.Sprintf(problem, operator.Operator), Column: column}
			return
		}
	}
}

func none(node ast.Node) bool {
	_, is := node.(*ast.NilNode)
	return is
}

func problemOf(t reflect.Type, operator string) string {
	switch {
	case t == nil || t.Kind() == reflect.Interface:
		return "What stands beside %s may be of any type; name a field, or use text(…) or decimal(…)."
	case t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32:
		return "What stands beside %s is not exact; use decimal(…)."
	case operator == "/" || operator == "**" || operator == "^":
		return "%s is exact between decimals only; use decimal(…)."
	case t == typeDecimal:
		return "%s does not take what stands on its other side."
	}
	return ""
}

func exact(node ast.Node) error {
	v := &inexact{}
	ast.Walk(&node, v)
	if v.found != nil {
		return v.found
	}
	return nil
}
