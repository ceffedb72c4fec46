/// An exact amount in one currency, on the wire `{"amount": "12.50", "currency": "EUR"}`.
package struct Money: Hashable, Sendable {
    package let amount: DecimalNumber
    /// Three capital letters (ISO 4217).
    package let currency: String

    /// For a currency that was read before.
    package init(amount: DecimalNumber, currency: String) {
        (self.amount, self.currency) = (amount, currency)
    }

    /// Takes exactly the two members; the amount is a string, never a JSON number.
    package init?(_ json: JSONValue) {
        guard let object = json.objectValue, object.count == 2,
            let amount = object["amount"]?.stringValue.flatMap(DecimalNumber.init),
            let currency = object["currency"]?.stringValue, currency.utf8.count == 3,
            currency.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return nil }
        self.init(amount: amount, currency: currency)
    }

    package var json: JSONValue {
        .object(["amount": .string(amount.text), "currency": .string(currency)])
    }
}
