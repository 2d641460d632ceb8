package catalog

import (
	"regexp"
	"strconv"
	"strings"
)

// Sellers write the channel, the condition and the number of a multipack behind
// the SKU of the single article.
var (
	marker = regexp.MustCompile(`[-_. ](FBA|AFN|MFN|FBM|NEW|USED|REFURB|OPENBOX|SFP|STICKERLESS|US|CA|UK|DE|EU)$`)
	pack   = regexp.MustCompile(`[-_. ](?:([0-9]{1,3})[-_. ]?(?:PK|PACK|PCS|CT|X)|(?:PK|PACK|X|SET|SETOF)[-_. ]?([0-9]{1,3}))$`)
)

// Stem returns an SKU without such endings, upper case and without blanks,
// hyphens and the like, and the number of articles that they told; 1 when none
// did.
func Stem(sku string) (stem string, quantity int) {
	text := strings.ToUpper(strings.TrimSpace(sku))
	quantity = 1
	for {
		if at := marker.FindStringIndex(text); at != nil && at[0] > 0 {
			text = text[:at[0]]
			continue
		}
		found := pack.FindStringSubmatch(text)
		if found == nil || len(found[0]) == len(text) || quantity != 1 {
			return Squeeze(text), quantity
		}
		n, err := strconv.Atoi(found[1] + found[2]) // one of them is empty
		if err != nil || n == 0 {
			return Squeeze(text), quantity
		}
		text, quantity = strings.TrimSuffix(text, found[0]), n
	}
}

// Squeeze returns the letters and digits of a code, upper case: what is left
// when blanks, hyphens and case do not count.
func Squeeze(code string) string {
	return strings.Map(func(r rune) rune {
		if (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, strings.ToUpper(code))
}
