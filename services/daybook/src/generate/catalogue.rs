//! What the synthetic distributors sell. The names are Microsoft's; ids and prices are of the right shape and size.

use daybook_event::{Currency, Product};

/// One product with its monthly price a seat.
pub(super) struct Article {
    product_id: &'static str,
    sku_id: &'static str,
    name: &'static str,
    family: &'static str,
    /// List price a seat and month, in US cents; of a metered product: of one unit.
    pub(super) price_cents: u64,
    /// How often it is sold, against the others.
    weight: u64,
    /// Billed by use, not by seat.
    pub(super) metered: bool,
}

const fn seat(ids: (&'static str, &'static str), names: [&'static str; 2], price_cents: u64, weight: u64) -> Article {
    let [name, family] = names;
    Article { product_id: ids.0, sku_id: ids.1, name, family, price_cents, weight, metered: false }
}

const M365: &str = "Microsoft 365";
const O365: &str = "Office 365";
const D365: &str = "Dynamics 365";

/// Every product.
pub(super) const ARTICLES: [Article; 18] = [
    seat(("CFQ7TTC0LH18", "0001"), ["Microsoft 365 Business Basic", M365], 500, 14),
    seat(("CFQ7TTC0LDPB", "0001"), ["Microsoft 365 Business Standard", M365], 1_250, 18),
    seat(("CFQ7TTC0LCHC", "0002"), ["Microsoft 365 Business Premium", M365], 2_000, 16),
    seat(("CFQ7TTC0LFLX", "0001"), ["Microsoft 365 E3", M365], 3_200, 7),
    seat(("CFQ7TTC0LFLZ", "0001"), ["Microsoft 365 E5", M365], 5_700, 3),
    seat(("CFQ7TTC0LF8Q", "0001"), ["Office 365 E1", O365], 800, 6),
    seat(("CFQ7TTC0LF8R", "0001"), ["Office 365 E3", O365], 2_000, 6),
    seat(("CFQ7TTC0LF8S", "0002"), ["Office 365 E5", O365], 3_500, 2),
    seat(("CFQ7TTC0LH16", "0001"), ["Exchange Online (Plan 1)", O365], 400, 9),
    seat(("CFQ7TTC0LHT4", "0001"), ["Enterprise Mobility + Security E3", "Enterprise Mobility + Security"], 875, 4),
    seat(("CFQ7TTC0LFJ1", "0010"), ["Enterprise Mobility + Security E5", "Enterprise Mobility + Security"], 1_480, 1),
    seat(("CFQ7TTC0L3PB", "0001"), ["Dynamics 365 Sales Professional", D365], 6_500, 2),
    seat(("CFQ7TTC0LFDZ", "0001"), ["Dynamics 365 Sales Enterprise Edition", D365], 9_500, 2),
    seat(("CFQ7TTC0HL59", "0003"), ["Dynamics 365 Business Central Essentials", D365], 7_000, 3),
    seat(("CFQ7TTC0LHSF", "0001"), ["Power BI Pro", "Power Platform"], 999, 4),
    seat(("CFQ7TTC0HD32", "0002"), ["Visio Plan 2", O365], 1_500, 2),
    seat(("CFQ7TTC0HDB0", "0001"), ["Project Plan 3", O365], 3_000, 2),
    Article {
        product_id: "DZH318Z0BPS6",
        sku_id: "0001",
        name: "Azure plan",
        family: "Azure",
        price_cents: 7,
        weight: 6,
        metered: true,
    },
];

/// The sum of all weights.
pub(super) const WEIGHTS: u64 = {
    let (mut sum, mut at) = (0, 0);
    while at < ARTICLES.len() {
        sum += ARTICLES[at].weight;
        at += 1;
    }
    sum
};

/// The article that a number below [`WEIGHTS`] falls on.
pub(super) fn article_at(mut draw: u64) -> &'static Article {
    for article in &ARTICLES {
        if draw < article.weight {
            return article;
        }
        draw -= article.weight;
    }
    &ARTICLES[0]
}

impl Article {
    /// The product as a line names it; some publishers leave the family empty.
    pub(super) fn product(&self, with_family: bool) -> Product {
        Product {
            product_id: self.product_id.to_owned(),
            sku_id: self.sku_id.to_owned(),
            product_name: self.name.to_owned(),
            product_family: if with_family { self.family.to_owned() } else { String::new() },
        }
    }
}

/// The three currencies, each with its share of partners and its price level in hundredths of the US list.
pub(super) const CURRENCIES: [(&str, u64, u64); 3] = [("USD", 60, 100), ("EUR", 25, 92), ("GBP", 15, 80)];

/// A currency of [`CURRENCIES`].
pub(super) fn currency(index: usize) -> Currency {
    Currency::parse(CURRENCIES[index].0).expect("the table holds currency codes")
}
