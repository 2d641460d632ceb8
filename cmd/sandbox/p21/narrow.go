package p21

import (
	"slices"
	"strconv"
	"strings"
)

// narrowed leaves out of a snapshot what a filter cannot select by the numbers
// of documents in it: tables are made anew for each request, and a day's orders
// are many.
func narrowed(name, filter string, held tradeEvent) tradeEvent {
	wanted := equalities(filter)
	switch name {
	case "oe_hdr", "oe_line", "oe_line_rma":
		keep := documents(wanted)
		reference := wanted["po_no"]
		held.Orders = slices.DeleteFunc(held.Orders, func(o Order) bool { return !keep.has(o.Number) || reference != nil && !reference[o.Reference] })
		held.Returns = slices.DeleteFunc(held.Returns, func(r Return) bool { return !keep.has(r.Number) || reference != nil && !reference[r.Reference] })
	case "oe_pick_ticket", "oe_pick_ticket_detail":
		orders, tickets := numbers(wanted["order_no"]), numbers(wanted["pick_ticket_no"])
		held.Shipments = slices.DeleteFunc(held.Shipments, func(s Shipment) bool { return !orders.has(s.Order) || !tickets.has(s.Number) })
	case "invoice_hdr", "invoice_line":
		orders, invoices := numbers(wanted["order_no"]), numbers(wanted["invoice_no"])
		held.Invoices = slices.DeleteFunc(held.Invoices, func(i Invoice) bool { return !orders.has(i.Order) || !invoices.has(i.Number) })
	}
	return held
}

// some is a set of numbers; nil has all of them.
type some map[int64]bool

func (s some) has(number int64) bool { return s == nil || s[number] }

func numbers(literals map[string]bool) some {
	if literals == nil {
		return nil
	}
	list := some{}
	for text := range literals {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			list[n] = true
		}
	}
	return list
}

// documents are orders and returns by their number or by the key of a line.
func documents(wanted map[string]map[string]bool) some {
	if list := numbers(wanted["order_no"]); list != nil {
		return list
	}
	lines := numbers(wanted["oe_line_uid"])
	if lines == nil {
		return nil
	}
	list := some{}
	for uid := range lines {
		list[uid/1000] = true
	}
	return list
}

// equalities are the literals that columns must equal one of, as far as the
// filter's terms say so: "a eq 1 and (b eq 'x' or b eq 'y')".
func equalities(filter string) map[string]map[string]bool {
	found := map[string]map[string]bool{}
	for _, term := range cutAt(filter, " and ") {
		term = strings.TrimSpace(term)
		if strings.HasPrefix(term, "(") && strings.HasSuffix(term, ")") {
			term = term[1 : len(term)-1]
		}
		column, literals := alternatives(term)
		if column != "" && found[column] == nil {
			found[column] = literals
		}
	}
	return found
}

// alternatives reads "a eq 1 or a eq 2"; the column is empty for anything else.
func alternatives(term string) (column string, literals map[string]bool) {
	literals = map[string]bool{}
	for _, one := range cutAt(term, " or ") {
		name, literal, ok := strings.Cut(strings.TrimSpace(one), " eq ")
		if !ok || column != "" && name != column || strings.ContainsAny(name, " ()") {
			return "", nil
		}
		column = name
		literals[strings.ReplaceAll(strings.Trim(strings.TrimSpace(literal), "'"), "''", "'")] = true
	}
	return column, literals
}

// cutAt cuts at a word outside of quotes and parentheses.
func cutAt(text, at string) (parts []string) {
	depth, quoted, begin := 0, false, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0 && strings.HasPrefix(text[i:], at):
			parts = append(parts, text[begin:i])
			begin = i + len(at)
		}
	}
	return append(parts, text[begin:])
}
