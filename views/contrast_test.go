package views_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// colours reads the light or dark half of every light-dark() token.
func colours(t *testing.T, dark bool) map[string][3]float64 {
	t.Helper()
	css, err := os.ReadFile("../static/app.css")
	require.NoError(t, err)
	tokens := map[string][3]float64{}
	pattern := regexp.MustCompile(`--([\w-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)`)
	for _, match := range pattern.FindAllStringSubmatch(string(css), -1) {
		code := match[2]
		if dark {
			code = match[3]
		}
		var rgb [3]float64
		for i := range rgb {
			value, err := strconv.ParseUint(code[2*i:2*i+2], 16, 8)
			require.NoError(t, err)
			rgb[i] = float64(value) / 255
		}
		tokens[match[1]] = rgb
	}
	require.Greater(t, len(tokens), 25)
	return tokens
}

// luminance and contrast are WCAG 2.2's definitions.
func luminance(rgb [3]float64) float64 {
	var linear [3]float64
	for i, c := range rgb {
		if c <= 0.04045 {
			linear[i] = c / 12.92
		} else {
			linear[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*linear[0] + 0.7152*linear[1] + 0.0722*linear[2]
}

func contrast(a, b [3]float64) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func TestTextContrastIsAtLeastAA(t *testing.T) {
	t.Parallel()
	surfaces := []string{"canvas", "surface", "raised", "hover", "selected", "sunken"}
	pairs := [][2]string{
		{"on-accent", "accent"}, {"waiting", "waiting-back"}, {"wrong", "wrong-back"}, {"done", "done-back"},
		{"info", "info-back"}, {"on-sandbox", "sandbox"}, {"on-production", "production"}, {"soft", "wrong-back"},
	}
	for _, ink := range []string{"ink", "soft", "accent", "wrong", "done", "waiting"} {
		for _, surface := range surfaces {
			pairs = append(pairs, [2]string{ink, surface})
		}
	}
	for _, dark := range []bool{false, true} {
		tokens := colours(t, dark)
		for _, pair := range pairs {
			text, back := tokens[pair[0]], tokens[pair[1]]
			require.Contains(t, tokens, pair[0])
			require.Contains(t, tokens, pair[1])
			require.GreaterOrEqual(t, contrast(text, back), 4.5, fmt.Sprintf("%s on %s, dark %v", pair[0], pair[1], dark))
		}
	}
}

func TestMarksAndOutlinesContrastAtLeastThreeToOne(t *testing.T) {
	t.Parallel()
	for _, dark := range []bool{false, true} {
		tokens := colours(t, dark)
		for _, mark := range []string{"line-strong", "focus", "waiting-mark", "wrong-mark", "done-mark", "accent"} {
			for _, surface := range []string{"canvas", "surface", "raised"} {
				require.Contains(t, tokens, mark)
				require.GreaterOrEqual(t, contrast(tokens[mark], tokens[surface]), 3.0, fmt.Sprintf("%s on %s, dark %v", mark, surface, dark))
			}
		}
	}
}
