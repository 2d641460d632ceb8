package personal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Part is personal data that was taken out of a JSON value.
type Part []Field

// Field is one personal value and where it belongs: names of objects, and
// positions in lists.
type Field struct {
	At    []any `json:"at"`
	Value any   `json:"value"`
}

// Name is where the field belongs, as people read it: recipient.name,
// items.1.message.
func (f Field) Name() string {
	words := make([]string, len(f.At))
	for i, step := range f.At {
		if n, ok := step.(int); ok {
			step = n + 1
		}
		words[i] = fmt.Sprint(step)
	}
	return strings.Join(words, ".")
}

// Split takes out of a JSON value what paths lead to, and every text in which
// words occur. A path is names with dots between; [] stands for every element
// of a list. Without personal data the value comes back as it is.
func Split(value []byte, paths []string, words Words) (redacted []byte, part Part, err error) {
	tree, err := parse(value)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range paths {
		take(tree, strings.Split(path, "."), nil, &part)
	}
	tainted(tree, nil, words, &part)
	if len(part) == 0 {
		return value, nil, nil
	}
	if redacted, err = json.Marshal(tree); err != nil {
		return nil, nil, fmt.Errorf("write redacted value: %w", err)
	}
	return redacted, part, nil
}

// Tells reports whether any object in a JSON value, however deep, holds what
// paths lead to. What is no JSON may tell of anybody.
func Tells(value []byte, paths []string) bool {
	tree, err := parse(value)
	return err != nil || tells(tree, paths)
}

func tells(tree any, paths []string) bool {
	switch node := tree.(type) {
	case map[string]any:
		var part Part
		for _, path := range paths {
			if take(node, strings.Split(path, "."), nil, &part); len(part) > 0 {
				return true
			}
		}
		for _, inner := range node {
			if tells(inner, paths) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(node, func(inner any) bool { return tells(inner, paths) })
	}
	return false
}

func parse(value []byte) (tree any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber() // an amount must not change
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("read value with personal data: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("read value with personal data: there is more than one")
	}
	return tree, nil
}

// take moves what a path leads to into part. Names are compared as
// encoding/json reads them, upper and lower case alike.
func take(tree any, path []string, at []any, part *Part) {
	name, list := strings.CutSuffix(path[0], "[]")
	object, ok := tree.(map[string]any)
	if !ok {
		return
	}
	for key, inner := range object {
		if !strings.EqualFold(key, name) {
			continue
		}
		here := append(slices.Clone(at), key)
		elements, many := inner.([]any)
		switch {
		case len(path) == 1:
			if !empty(inner) {
				*part = append(*part, Field{here, inner})
				delete(object, key)
			}
		case list && many:
			for i, element := range elements {
				take(element, path[1:], append(slices.Clone(here), i), part)
			}
		case !list:
			take(inner, path[1:], here, part)
		}
	}
}

// tainted moves texts in which words occur into part, wherever they are.
func tainted(tree any, at []any, words Words, part *Part) {
	if len(words) == 0 {
		return
	}
	switch node := tree.(type) {
	case map[string]any:
		for key, inner := range node {
			here := append(slices.Clone(at), key)
			if text, ok := inner.(string); ok && words.in(text) {
				*part = append(*part, Field{here, inner})
				delete(node, key)
				continue
			}
			tainted(inner, here, words, part)
		}
	case []any:
		for i, inner := range node {
			here := append(slices.Clone(at), i)
			if text, ok := inner.(string); ok && words.in(text) {
				*part = append(*part, Field{here, inner})
				node[i] = nil
				continue
			}
			tainted(inner, here, words, part)
		}
	}
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// Join puts a part back where it belongs.
func Join(redacted []byte, part Part) ([]byte, error) {
	if len(part) == 0 {
		return redacted, nil
	}
	tree, err := parse(redacted)
	if err != nil {
		return nil, err
	}
	for _, f := range part {
		if err := put(tree, f.At, f.Value); err != nil {
			return nil, fmt.Errorf("put %s back: %w", f.Name(), err)
		}
	}
	joined, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("write joined value: %w", err)
	}
	return joined, nil
}

func put(tree any, at []any, value any) error {
	if len(at) == 0 {
		return fmt.Errorf("it belongs nowhere")
	}
	switch node := tree.(type) {
	case map[string]any:
		name, ok := at[0].(string)
		if ok && len(at) == 1 {
			node[name] = value
			return nil
		}
		if inner, there := node[name]; ok && there {
			return put(inner, at[1:], value)
		}
	case []any:
		i, ok := at[0].(int)
		if ok && i >= 0 && i < len(node) && len(at) == 1 {
			node[i] = value
			return nil
		}
		if ok && i >= 0 && i < len(node) {
			return put(node[i], at[1:], value)
		}
	}
	return fmt.Errorf("its place is gone")
}

// Masked is the part with the name of each field instead of its texts: formulas
// can be tried on it by people who may not see it.
func (p Part) Masked() Part {
	masked := make(Part, len(p))
	for i, f := range p {
		name := "personal"
		if last, ok := f.At[len(f.At)-1].(string); ok {
			name = last
		}
		masked[i] = Field{f.At, mask(f.Value, name)}
	}
	return masked
}

func mask(value any, name string) any {
	switch v := value.(type) {
	case string:
		return "[" + name + "]"
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = mask(inner, key)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = mask(inner, name)
		}
		return out
	case json.Number:
		return json.Number("0")
	}
	return value
}

func (p Part) encode() []byte {
	text, _ := json.Marshal(p) // texts, numbers and lists of them always can be written
	return text
}

func decode(text []byte) (Part, error) {
	var part Part
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&part); err != nil {
		return nil, fmt.Errorf("read personal data: %w", err)
	}
	for _, f := range part {
		for i, step := range f.At {
			n, ok := step.(json.Number)
			if !ok {
				continue
			}
			position, err := n.Int64()
			if err != nil {
				return nil, fmt.Errorf("read personal data: %w", err)
			}
			f.At[i] = int(position)
		}
	}
	return part, nil
}
