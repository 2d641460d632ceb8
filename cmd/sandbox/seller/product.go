package seller

import "slices"

// Product is something that the sellers sell.
type Product struct {
	SKU, ASIN, Title string
	Group            string // product group, as a company's books may split its sales

	cents int64
	size  size
}

// Cents is the catalogue's price, before an account's own level.
func (p Product) Cents() int64 { return p.cents }

// Products returns the catalogue.
func Products() []Product { return slices.Clone(products[:]) }

const (
	brewing = "Brewing"
	kitchen = "Kitchen"
	outdoor = "Outdoor"
)

var products = [...]Product{
	{"BRW-POUR-01", "B0TIEOUT01", "Pour Over Coffee Maker 800 ml", brewing, 3499, standard},
	{"BRW-FILT-40", "B0TIEOUT02", "Paper Filters, 400 pcs", brewing, 1299, small},
	{"BRW-KETL-02", "B0TIEOUT03", "Gooseneck Kettle 1 l", brewing, 5995, large},
	{"BRW-GRND-07", "B0TIEOUT04", "Hand Grinder, Steel Burrs", brewing, 6899, standard},
	{"BRW-SCAL-03", "B0TIEOUT05", "Coffee Scale 0.1 g with Timer", brewing, 2799, standard},
	{"BRW-CARF-05", "B0TIEOUT06", "Glass Carafe 1 l", brewing, 2450, large},
	{"BRW-MUGS-04", "B0TIEOUT07", "Stoneware Mugs, Set of 4", brewing, 3899, large},
	{"BRW-TRVL-11", "B0TIEOUT08", "Travel Mug 350 ml", brewing, 2295, standard},
	{"KIT-KNIF-08", "B0TIEOUT09", "Chef Knife 20 cm / 8\"", kitchen, 7450, standard},
	{"KIT-BORD-02", "B0TIEOUT10", "Walnut Cutting Board", kitchen, 4999, large},
	{"KIT-PAN-024", "B0TIEOUT11", "Carbon Steel Pan 24 cm", kitchen, 4590, large},
	{"KIT-PAN-028", "B0TIEOUT12", "Carbon Steel Pan 28 cm", kitchen, 5490, large},
	{"KIT-WHSK-01", "B0TIEOUT13", "Balloon Whisk 30 cm", kitchen, 1195, small},
	{"KIT-SPAT-06", "B0TIEOUT14", "Silicone Spatulas, Set of 3", kitchen, 1550, small},
	{"KIT-SALT-03", "B0TIEOUT15", "Salt Box, Acacia", kitchen, 2690, standard},
	{"KIT-TOWL-05", "B0TIEOUT16", "Linen Towels, Set of 5", kitchen, 2990, standard},
	{"OUT-LANT-01", "B0TIEOUT17", "Rechargeable Lantern 500 lm", outdoor, 3990, standard},
	{"OUT-STOV-02", "B0TIEOUT18", "Folding Camp Stove", outdoor, 4750, standard},
	{"OUT-BOTL-10", "B0TIEOUT19", "Insulated Bottle 1 l", outdoor, 3150, standard},
	{"OUT-HAMM-03", "B0TIEOUT20", "Travel Hammock, Double", outdoor, 3690, standard},
	{"OUT-CHAR-04", "B0TIEOUT21", "Folding Camp Chair", outdoor, 6290, oversize},
	{"OUT-TARP-05", "B0TIEOUT22", "Ripstop Tarp 3x3 m", outdoor, 5450, standard},
	{"OUT-MUG-012", "B0TIEOUT23", "Titanium Mug 450 ml \"Solo\"", outdoor, 2890, small},
	{"OUT-ROPE-06", "B0TIEOUT24", "Utility Cord 30 m", outdoor, 990, small},
}
