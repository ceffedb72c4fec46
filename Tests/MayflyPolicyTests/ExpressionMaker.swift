/// Makes random expressions of a type over the variables of `Sample`; many fail when they are evaluated, on purpose.
struct ExpressionMaker {
    var random: InputRandom

    private mutating func pick(_ choices: [String]) -> String {
        choices.randomElement(using: &random) ?? "null"
    }

    private mutating func roll(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    mutating func bool(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["true", "false", "b", "d == 1", "unset > 0", "m.three > 0", "1 / 0 > 0"]) }
        let next = depth - 1
        switch roll(13) {
        case 0: return "(\(bool(next)) && \(bool(next)))"
        case 1: return "(\(bool(next)) || \(bool(next)))"
        case 2: return "!\(bool(0))"
        case 3: return "(\(bool(next)) ? \(bool(next)) : \(bool(next)))"
        case 4: return "\(int(next)) \(pick(["<", "<=", ">", ">=", "==", "!="])) \(number(next))"
        case 5: return "\(text(next)) \(pick(["<", "==", "!=", ">="])) \(text(next))"
        case 6: return "\(int(next)) in \(list(next))"
        case 7: return "\(list(next)).\(pick(["all", "exists", "exists_one"]))(e, \(bool(next)))"
        case 8: return "\(text(next)).\(pick(["contains", "startsWith", "endsWith"]))(\(text(next)))"
        case 9: return pick(["has(m.one)", "has(request.note)", "has(d.a)", "has(request.items[0].price)"])
        case 10: return "[\(bool(next)), null][0]"
        case 11: return "now \(pick(["+", "-"])) duration('\(roll(100))h') < now"
        default: return "d"
        }
    }

    mutating func int(_ depth: Int) -> String {
        guard depth > 0 else {
            return pick([
                "i", "0", "1", "-7", "9223372036854775807", "-9223372036854775808", "request.amount", "l[0]", "unset",
            ])
        }
        let next = depth - 1
        switch roll(8) {
        case 0, 1: return "(\(int(next)) \(pick(["+", "-", "*", "/", "%"])) \(int(next)))"
        case 2: return "-\(int(0))"
        case 3: return "size(\(list(next)))"
        case 4: return "\(text(next)).size()"
        case 5: return "int(\(pick([number(next), text(next)])))"
        case 6: return "\(list(next))[\(int(next))]"
        default: return "(\(bool(next)) ? \(int(next)) : \(int(next)))"
        }
    }

    mutating func number(_ depth: Int) -> String {
        pick([int(depth), "u", "x", "f", "1.5", "2u", "0.0 / 0.0", "double(\(int(depth)))"])
    }

    mutating func text(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["s", "'a'", "''", "agent.risk", "'\\u00e9'", "string(o)"]) }
        switch roll(3) {
        case 0: return "(\(text(depth - 1)) + \(text(depth - 1)))"
        case 1: return "string(\(number(depth - 1)))"
        default: return text(0)
        }
    }

    mutating func list(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["l", "[]", "[1, 2, 0]", "[i, 1]"]) }
        switch roll(4) {
        case 0: return "(\(list(depth - 1)) + \(list(depth - 1)))"
        case 1: return "\(list(0)).map(e, \(int(depth - 1)))"
        case 2: return "\(list(0)).filter(e, \(bool(depth - 1)))"
        default: return "[\(int(depth - 1)), \(int(depth - 1))]"
        }
    }
}
