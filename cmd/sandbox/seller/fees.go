package seller

// size is what Amazon's fulfilment fee depends on.
type size int

const (
	small size = iota
	standard
	large
	oversize
)

// fulfilment returns the fee for picking, packing and shipping one unit, in cents.
func (s size) fulfilment() int64 { return [...]int64{322, 422, 745, 1190}[s] }

// multiChannel is what a unit costs more when the order came from elsewhere.
const multiChannel = 150

// part returns so many hundredths of a percent of cents, rounded half up.
// cents is not negative.
func part(cents, hundredths int64) int64 { return (cents*hundredths + 5000) / 10_000 }

// referral returns Amazon's commission on what a buyer pays.
func (p Product) referral(paid int64) int64 {
	rate := int64(1500)
	if p.Group == outdoor {
		rate = 1200
	}
	return max(part(paid, rate), 30)
}

// administration is what Amazon keeps of a commission that it gives back.
func administration(commission int64) int64 { return min(part(commission, 2000), 500) }
