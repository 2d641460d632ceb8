package views_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// page is a parsed story.
type page struct {
	root  *html.Node
	nodes []*html.Node
	ids   map[string]int
}

func parsed(t *testing.T, s story) page {
	t.Helper()
	root, err := html.Parse(strings.NewReader(render(t, s.view)))
	require.NoError(t, err, s.name)
	p := page{root: root, ids: map[string]int{}}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		p.nodes = append(p.nodes, node)
		if id, ok := attr(node, "id"); ok {
			p.ids[id]++
		}
	}
	return p
}

func attr(node *html.Node, name string) (string, bool) {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func text(node *html.Node) string {
	var b strings.Builder
	for n := range node.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func describe(s story, node *html.Node) string {
	var b strings.Builder
	_ = html.Render(&b, node)
	return s.name + ": " + b.String()[:min(b.Len(), 300)]
}

func TestEveryTagIsClosedWhereItWasOpened(t *testing.T) {
	t.Parallel()
	void := []string{"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
	for _, s := range stories() {
		var open []string
		tokens := html.NewTokenizer(strings.NewReader(render(t, s.view)))
		for {
			kind := tokens.Next()
			if kind == html.ErrorToken {
				break
			}
			token := tokens.Token()
			switch kind {
			case html.StartTagToken:
				if !slices.Contains(void, token.Data) {
					open = append(open, token.Data)
				}
			case html.EndTagToken:
				require.NotEmpty(t, open, s.name)
				require.Equal(t, open[len(open)-1], token.Data, s.name)
				open = open[:len(open)-1]
			}
		}
		require.Empty(t, open, s.name)
	}
}

func TestNoFormOrLinkStandsInsideAnother(t *testing.T) {
	t.Parallel()
	// A parser drops the inner one, so the tokens are looked at instead.
	for _, s := range stories() {
		depth := map[string]int{}
		tokens := html.NewTokenizer(strings.NewReader(render(t, s.view)))
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			token := tokens.Token()
			if token.Data != "form" && token.Data != "a" && token.Data != "button" {
				continue
			}
			if kind == html.StartTagToken {
				depth[token.Data]++
			} else if kind == html.EndTagToken {
				depth[token.Data]--
			}
			require.LessOrEqual(t, depth[token.Data], 1, "%s: nested <%s> at %s", s.name, token.Data, token)
		}
	}
}

func TestThePolicyHasNothingToRefuse(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		for _, node := range parsed(t, s).nodes {
			if node.Data == "script" {
				source, _ := attr(node, "src")
				given, _ := attr(node, "nonce")
				require.True(t, strings.HasPrefix(source, "/static/"), describe(s, node))
				require.Equal(t, nonce, given, describe(s, node))
				require.Empty(t, text(node), describe(s, node))
			}
			require.NotEqual(t, "style", node.Data, describe(s, node))
			hx := false
			for _, a := range node.Attr {
				require.NotEqual(t, "style", a.Key, describe(s, node))
				require.False(t, strings.HasPrefix(a.Key, "on"), describe(s, node))
				require.False(t, strings.HasPrefix(a.Key, "hx-on"), describe(s, node))
				require.NotContains(t, a.Val, "javascript:", describe(s, node))
				require.NotContains(t, a.Val, "about:invalid", describe(s, node))
				if strings.HasPrefix(a.Key, "hx-") {
					hx = true
					require.False(t, strings.HasPrefix(a.Val, "js:"), describe(s, node))
				}
			}
			if hx {
				given, _ := attr(node, "hx-nonce")
				require.Equal(t, nonce, given, "htmx ignores what has no nonce: %s", describe(s, node))
			}
		}
	}
}

func TestEveryControlHasAName(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		p := parsed(t, s)
		labels := map[string]bool{}
		for _, node := range p.nodes {
			if target, ok := attr(node, "for"); ok && node.Data == "label" {
				require.Equal(t, 1, p.ids[target], "label for nothing: %s", describe(s, node))
				labels[target] = text(node) != ""
			}
		}
		for _, node := range p.nodes {
			switch node.Data {
			case "input", "select", "textarea":
				if kind, _ := attr(node, "type"); kind == "hidden" {
					continue
				}
				id, _ := attr(node, "id")
				require.True(t, labels[id] || spoken(node) || insideLabel(node), "no label: %s", describe(s, node))
			case "a", "button", "summary":
				require.True(t, text(node) != "" || spoken(node), "no name: %s", describe(s, node))
			case "table":
				require.True(t, slices.ContainsFunc(p.nodes, func(n *html.Node) bool { return n.Data == "caption" && n.Parent == node && text(n) != "" }), "no caption: %s", describe(s, node))
			case "th":
				require.True(t, text(node) != "" || node.FirstChild != nil, "empty heading: %s", describe(s, node))
			}
		}
	}
}

func spoken(node *html.Node) bool {
	name, ok := attr(node, "aria-label")
	return ok && name != ""
}

func insideLabel(node *html.Node) bool {
	for parent := node.Parent; parent != nil; parent = parent.Parent {
		if parent.Data == "label" {
			return text(parent) != ""
		}
	}
	return false
}

func TestIdsAreUniqueAndReferencesLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		p := parsed(t, s)
		for id, count := range p.ids {
			require.Equal(t, 1, count, "%s: id %q stands %d times", s.name, id, count)
		}
		for _, node := range p.nodes {
			for _, name := range []string{"aria-describedby", "aria-labelledby", "list", "form", "data-dialog", "data-bulk", "data-order"} {
				value, ok := attr(node, name)
				for _, id := range strings.Fields(value) {
					require.True(t, !ok || p.ids[id] > 0, "%s refers to nothing: %s", name, describe(s, node))
				}
			}
			if target, ok := attr(node, "hx-target"); ok && strings.HasPrefix(target, "#") {
				require.Positive(t, p.ids[target[1:]], "hx-target: %s", describe(s, node))
			}
		}
	}
}

func TestEveryPageHasOneMainAndHeadingsInOrder(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		mains, last := 0, 0
		for _, node := range parsed(t, s).nodes {
			switch node.Data {
			case "main":
				mains++
			case "h1", "h2", "h3":
				level := int(node.Data[1] - '0')
				require.LessOrEqual(t, level, max(last+1, 2), "heading jumps: %s", describe(s, node))
				last = level
			}
		}
		require.Equal(t, 1, mains, s.name)
	}
}

func TestEveryIconIsInTheSprite(t *testing.T) {
	t.Parallel()
	sprite, err := os.ReadFile("../static/icons.svg")
	require.NoError(t, err)
	found := 0
	for _, s := range stories() {
		for _, node := range parsed(t, s).nodes {
			if href, ok := attr(node, "href"); ok && node.Data == "use" {
				_, name, _ := strings.Cut(href, "#")
				require.Contains(t, string(sprite), `<symbol id="`+name+`"`, "%s uses icon %q", s.name, name)
				found++
			}
		}
	}
	require.Positive(t, found)
}

func TestEveryClassIsStyled(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("../static/app.css")
	require.NoError(t, err)
	known := map[string]bool{"label": true, "tab": true, "name": true, "title": true, "note": true}
	for _, match := range regexp.MustCompile(`\.([a-zA-Z][\w-]*)`).FindAllStringSubmatch(string(css), -1) {
		known[match[1]] = true
	}
	for _, s := range stories() {
		for _, node := range parsed(t, s).nodes {
			classes, _ := attr(node, "class")
			for _, class := range strings.Fields(classes) {
				require.True(t, known[class], "class %q is not in app.css: %s", class, describe(s, node))
			}
		}
	}
}

func TestTextFromOutsideIsEscaped(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		require.NotContains(t, render(t, s.view), "<script>alert", s.name)
	}
}
