import MayflyPolicy
import Testing

/// What holds for every expression; each seed is printed, so that a failure can be made again.
@Suite struct CELPropertyTests {
    private static let seeds: [UInt64] = [0x6D61_7966_6C79, 1, 20_261_125]

    private static func run(_ expression: CELExpression) -> Result<CELValue, CELEvaluationError> {
        var budget = CELBudget()
        let result = expression.evaluate(Sample.activation, budget: &budget)
        #expect((0...CELLimits.standard.steps).contains(budget.remaining), "\(expression.source)")
        return result
    }

    @Test(arguments: seeds)
    func conditionsYieldABoolOrAnErrorAndKeepToTheirEstimate(seed: UInt64) throws {
        print("seed \(seed)")
        var maker = ExpressionMaker(random: InputRandom(seed: seed))
        var accepted = 0
        for _ in 0..<1500 {
            let source = maker.bool(4)
            guard let expression = try? CELExpression.compile(source, in: Sample.environment, expecting: .bool) else {
                continue
            }
            accepted += 1
            var budget = CELBudget()
            if case .success(let value) = expression.evaluate(Sample.activation, budget: &budget) {
                #expect(value == .bool(true) || value == .bool(false), "\(source)")
            }
            #expect(CELLimits.standard.steps - budget.remaining <= expression.cost, "\(source)")
        }
        #expect(accepted > 400, "too few expressions were accepted to say anything")
    }

    @Test(arguments: seeds)
    func logicalOperatorsAreCommutative(seed: UInt64) throws {
        print("seed \(seed)")
        var maker = ExpressionMaker(random: InputRandom(seed: seed))
        var compared = 0
        for _ in 0..<1500 {
            let (left, right) = (maker.bool(3), maker.bool(3))
            for sign in ["&&", "||"] {
                guard let one = try? Sample.compile("(\(left)) \(sign) (\(right))"),
                    let other = try? Sample.compile("(\(right)) \(sign) (\(left))")
                else { continue }
                compared += 1
                let (first, second) = (Self.run(one), Self.run(other))
                #expect((try? first.get()) == (try? second.get()), "\(left) \(sign) \(right)")
            }
        }
        #expect(compared > 700, "too few expressions were accepted to say anything")
    }

    @Test(arguments: seeds)
    func comparisonsAreLawful(seed: UInt64) throws {
        print("seed \(seed)")
        var maker = ExpressionMaker(random: InputRandom(seed: seed))
        for _ in 0..<500 {
            let (left, right) = (maker.number(1), maker.number(1))
            let pairs = [
                ("(\(left)) != (\(right))", "!((\(left)) == (\(right)))"),
                ("(\(left)) < (\(right))", "(\(right)) > (\(left))"),
                ("(\(left)) <= (\(right))", "(\(left)) < (\(right)) || (\(left)) == (\(right))"),
                ("(\(left)) == (\(right))", "(\(right)) == (\(left))"),
            ]
            for (one, other) in pairs {
                guard let one = try? Sample.compile(one), let other = try? Sample.compile(other) else { continue }
                let (first, second) = (Self.run(one), Self.run(other))
                #expect((try? first.get()) == (try? second.get()), "\(one.source)")
            }
        }
    }

    @Test(arguments: seeds)
    func neverTrapsOnRandomText(seed: UInt64) throws {
        print("seed \(seed)")
        var random = InputRandom(seed: seed)
        let words = [
            "(", ")", "[", "]", "{", "}", ",", ":", "?", ".", "+", "-", "*", "/", "%", "!", "&&", "||", "==", "!=", "<",
            "<=", ">", ">=", " in ", "1", "0", "9223372036854775807", "9223372036854775808", "1u", "1.5", "0x", "1e",
            "'a'", "\"", "'''", "b'", "r'", "\\", "\\u", "true", "null", "i", "u", "x", "s", "o", "l", "m", "d", "now",
            "span",
            "request", ".amount", "agent", ".risk", ".all(e, ", ".map(e, ", "has(", "size(", "int(", "timestamp(",
            "duration(", ".getHours()", " ", "\n", "//", "\u{0}", "\u{E9}", "\u{1F431}", "`", "$", "e",
        ]
        for round in 0..<6000 {
            let count = Int.random(in: 0...30, using: &random)
            let source =
                round % 2 == 0
                ? (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined()
                : String(
                    decoding: (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }, as: UTF8.self)
            Self.compileAndRun(source)
        }
    }

    @Test(arguments: seeds)
    func neverTrapsOnMutatedExpressions(seed: UInt64) throws {
        print("seed \(seed)")
        var maker = ExpressionMaker(random: InputRandom(seed: seed))
        for _ in 0..<2000 {
            var bytes = Array(maker.bool(4).utf8)
            for _ in 0...Int.random(in: 0...3, using: &maker.random) {
                let place = Int.random(in: 0..<max(1, bytes.count), using: &maker.random)
                guard place < bytes.count else { break }
                switch Int.random(in: 0..<3, using: &maker.random) {
                case 0: bytes[place] = UInt8.random(in: 0x20...0x7E, using: &maker.random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 9)], at: place)
                }
            }
            Self.compileAndRun(String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func compileAndRun(_ source: String) {
        do {
            let expression = try Sample.compile(source)
            _ = Self.run(expression)
            #expect(expression.cost <= CELLimits.standard.cost)
        } catch {
            #expect((0...source.utf8.count).contains(error.position.offset), "\(source)")
        }
    }
}
