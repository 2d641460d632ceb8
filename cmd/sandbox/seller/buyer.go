package seller

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

// Buyer is who bought and where the goods go.
type Buyer struct {
	Name, Email, Phone     string
	Company, PurchaseOrder string // of a business
	Line1, Line2           string
	City, County, Region   string
	PostalCode, Country    string
}

// town is a place with the beginning of its postal codes.
type town struct{ city, county, region, code string }

// country says how its people are called and how they write an address.
type country struct {
	code               string
	first, last, roads []string
	towns              []town
	company, flat      string // formats with a name and with a number
	phone              string // its beginning
	line1              func(road string, number int) string
	rest               func(*rand.Rand) string // of a postal code
}

// countryOf returns the country of a marketplace by its name in settlements.
func countryOf(market string) country {
	switch strings.ToLower(market) {
	case "amazon.co.uk":
		return britain()
	case "amazon.de":
		return germany()
	case "amazon.fr":
		return france()
	case "amazon.it":
		return italy()
	}
	return america()
}

func america() country {
	return country{
		code: "US", company: "%s Supply LLC", flat: "Apt %d", phone: "+1 555-01", line1: numberFirst, rest: digits(2),
		first: []string{"Mary", "José", "Aiden", "Keisha", "Robert", "Mei"},
		last:  []string{"Johnson", "O'Neil", "Garcia-Lopez", "Nguyen", "Smith"},
		roads: []string{"Oak Street", "N Main St", "Martin Luther King Jr Blvd", "County Road 12"},
		towns: []town{{"Austin", "", "TX", "787"}, {"Seattle", "", "WA", "981"}, {"Portland", "", "OR", "972"}, {"St. Louis", "", "MO", "631"}, {"Brooklyn", "Kings", "NY", "112"}},
	}
}

func britain() country {
	return country{
		code: "GB", company: "%s & Sons Ltd", flat: "Flat %d", phone: "+44 20 7946 0", line1: numberFirst, rest: inward,
		first: []string{"James", "Olivia", "Zoë", "Harry", "Niamh", "Priya"},
		last:  []string{"Wilson", "O'Brien", "Patel", "Smith-Jones", "Evans"},
		roads: []string{"High Street", "Church Road", "Station Lane", "Queen's Avenue"},
		towns: []town{{"Manchester", "Greater Manchester", "England", "M1"}, {"Leeds", "West Yorkshire", "England", "LS2"},
			{"Cardiff", "South Glamorgan", "Wales", "CF10"}, {"Edinburgh", "Midlothian", "Scotland", "EH1"}},
	}
}

func germany() country {
	return country{
		code: "DE", company: "%s GmbH & Co. KG", flat: "Packstation %d", phone: "+49 30 23125 ", line1: numberLast, rest: digits(2),
		first: []string{"Jürgen", "Anna", "Lukas", "Sabine", "Björn", "Käthe"},
		last:  []string{"Müller", "Groß", "von der Heide", "Schäfer", "Öztürk"},
		roads: []string{"Hauptstraße", "Am Mühlbach", "Königsallee", "Bahnhofstr."},
		towns: []town{{"Berlin", "", "Berlin", "101"}, {"München", "", "Bayern", "803"}, {"Köln", "", "Nordrhein-Westfalen", "506"}, {"Leipzig", "", "Sachsen", "041"}},
	}
}

func france() country {
	return country{
		code: "FR", company: "%s SARL", flat: "Bât. B, appt %d", phone: "+33 1 99 00 ", line1: numberFirst, rest: digits(2),
		first: []string{"Hélène", "François", "Chloé", "Théo", "Noël"},
		last:  []string{"Lefèvre", "Dupont", "d'Arcy", "Moreau", "Benoît"},
		roads: []string{"rue de la Paix", "avenue Jean Jaurès", "chemin de l'Église", "bd Voltaire"},
		towns: []town{{"Paris", "", "Île-de-France", "750"}, {"Lyon", "", "Auvergne-Rhône-Alpes", "690"}, {"Besançon", "", "Bourgogne-Franche-Comté", "250"}},
	}
}

func italy() country {
	return country{
		code: "IT", company: "%s S.r.l.", flat: "Scala A, int. %d", phone: "+39 06 4567 ", line1: numberLast, rest: digits(2),
		first: []string{"Niccolò", "Giulia", "Matteo", "Sofia"},
		last:  []string{"Rossi", "D'Angelo", "Forlì", "Bianchi"},
		roads: []string{"Via Roma", "Corso Vittorio Emanuele II", "Viale della Libertà", "Piazza Garibaldi"},
		towns: []town{{"Milano", "", "MI", "201"}, {"Roma", "", "RM", "001"}, {"Forlì", "", "FC", "471"}},
	}
}

func numberFirst(road string, number int) string { return fmt.Sprintf("%d %s", number, road) }

func numberLast(road string, number int) string { return fmt.Sprintf("%s %d", road, number) }

// digits returns what draws n digits.
func digits(n int) func(*rand.Rand) string {
	return func(chance *rand.Rand) string {
		text := ""
		for range n {
			text += string(rune('0' + chance.IntN(10)))
		}
		return text
	}
}

// inward is the second half of a British postal code.
func inward(chance *rand.Rand) string {
	const used = "ABDEFGHJLNPQRSTUWXYZ"
	return fmt.Sprintf(" %d%c%c", chance.IntN(10), used[chance.IntN(len(used))], used[chance.IntN(len(used))])
}

// Buyer returns who bought; the same whenever it is asked for.
func (p *Purchase) Buyer() Buyer {
	h := fnv.New64a()
	h.Write([]byte(p.ID))
	chance := rand.New(rand.NewPCG(h.Sum64(), 1))
	c := countryOf(p.Market.Name)
	some := func(list []string) string { return list[chance.IntN(len(list))] }
	last, t := some(c.last), c.towns[chance.IntN(len(c.towns))]
	b := Buyer{Name: some(c.first) + " " + last, Phone: c.phone + digits(2)(chance) + digits(2)(chance), Line1: c.line1(some(c.roads), 1+chance.IntN(180)),
		City: t.city, County: t.county, Region: t.region, PostalCode: t.code + c.rest(chance), Country: c.code}
	b.Email = strings.ToLower(word(chance, 14)) + "@marketplace." + strings.ToLower(p.Market.Name)
	if chance.IntN(3) == 0 {
		b.Line2 = fmt.Sprintf(c.flat, 1+chance.IntN(40))
	}
	if !p.MultiChannel && chance.IntN(12) == 0 {
		b.Company, b.PurchaseOrder = fmt.Sprintf(c.company, last), fmt.Sprintf("PO-%06d", chance.IntN(1_000_000))
	}
	return b
}
