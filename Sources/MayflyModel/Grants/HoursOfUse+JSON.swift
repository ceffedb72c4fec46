extension HoursOfUse {
    /// Reads an array of `{"days": ["mon"], "from": "08:00", "to": "18:00"}`; nil for any other shape.
    ///
    /// Times are `HH:MM` in UTC; a window ends at `24:00` at the latest and never passes midnight.
    package init?(_ json: JSONValue) {
        guard let array = json.arrayValue, array.count <= Self.maximumWindows else { return nil }
        let windows = array.compactMap { Window($0) }
        guard windows.count == array.count else { return nil }
        self.init(windows)
    }

    /// The canonical array; reading it gives equal hours.
    package var json: JSONValue { .array(windows.map(\.json)) }
}

extension HoursOfUse.Window {
    fileprivate init?(_ json: JSONValue) {
        guard let object = json.objectValue, object.count == 3,
            let names = object["days"]?.stringArrayValue, names.count <= HoursOfUse.Day.allCases.count,
            let from = object["from"]?.stringValue.flatMap(Self.minute),
            let to = object["to"]?.stringValue.flatMap(Self.minute)
        else { return nil }
        let days = names.compactMap { name in
            HoursOfUse.Day.allCases.first { JSONObject.same($0.rawValue, name) }
        }
        guard days.count == names.count else { return nil }
        self.init(days: days, from: from, to: to)
    }

    fileprivate var json: JSONValue {
        .object([
            "days": .array(days.map { .string($0.rawValue) }), "from": .string(Self.text(from)),
            "to": .string(Self.text(to)),
        ])
    }

    /// Minutes since midnight of `HH:MM`, up to `24:00`.
    private static func minute(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        var digits: [Int] = []
        for index in [0, 1, 3, 4] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
            digits.append(Int(bytes[index] - UInt8(ascii: "0")))
        }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        guard minute < 60, hour < 24 || hour == 24 && minute == 0 else { return nil }
        return hour * 60 + minute
    }

    private static func text(_ minute: Int) -> String {
        func pair(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return pair(minute / 60) + ":" + pair(minute % 60)
    }
}
