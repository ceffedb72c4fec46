import MayflyPolicy
import Testing

/// Functions, conversions and macros.
@Suite struct CELFunctionTests {
    @Test(
        arguments: [
            ("size('')", "0"), ("size('πέντε')", "5"), ("'fiance\\u0301'.size()", "7"), ("s.size()", "5"),
            ("size(b'\\xF0\\x9F\\xA4\\xAA')", "4"), ("size([1, 2])", "2"), ("m.size()", "2"), ("size({})", "0"),
            ("size(d)", "7"), ("size(f)", "error: noOverload"), ("'foobar'.startsWith('foo')", "true"),
            ("'foobar'.startsWith('bar')", "false"), ("''.startsWith('')", "true"), ("''.startsWith('a')", "false"),
            ("'forté'.endsWith('té')", "true"), ("'é'.endsWith('\\u0301')", "false"),
            ("'foobar'.endsWith('foo')", "false"),
            ("'abababc'.contains('ababc')", "true"), ("'hello'.contains('ol')", "false"),
            ("'hello'.contains('')", "true"),
            ("''.contains('a')", "false"), ("d.contains('nam')", "true"), ("f.contains('a')", "error: noOverload"),
            ("'a'.startsWith(f)", "error: noOverload"),
        ])
    func textFunctionsYield(_ source: String, _ outcome: String) throws {
        #expect(try Sample.outcome(source) == outcome)
    }

    @Test(
        arguments: [
            ("int(42u)", "42"), ("int(-7.9)", "-7"), ("int(11.5)", "11"), ("int('987')", "987"), ("int('-1')", "-1"),
            ("int(timestamp('2004-09-16T23:59:59Z'))", "1095379199"), ("int(5)", "5"),
            ("int(double(36028797018963969))", "36028797018963968"),
            ("int(18446744073709551615u)", "error: outOfRange"),
            ("int(9223372036854775807.0)", "error: outOfRange"), ("int(-9223372036854775808.0)", "error: outOfRange"),
            ("int(1e99)", "error: outOfRange"), ("int(0.0 / 0.0)", "error: outOfRange"),
            ("int('1.5')", "error: notConvertible"),
            ("int('')", "error: notConvertible"), ("int('9223372036854775808')", "error: notConvertible"),
            ("int(\(Sample.hidden("true")))", "error: noOverload"), ("uint(1729)", "1729u"), ("uint(25.5)", "25u"),
            ("uint('300')", "300u"), ("uint(1u)", "1u"), ("uint(-1)", "error: outOfRange"),
            ("uint(-0.5)", "error: outOfRange"),
            ("uint(6.022e23)", "error: outOfRange"), ("uint('-0')", "error: notConvertible"),
            ("uint('+1')", "error: notConvertible"),
            ("double(1000000000000)", "1000000000000.0"), ("double(18446744073709551615u)", "1.8446744073709552e+19"),
            ("double('-84.32e7')", "-843200000.0"), ("double('1.38e-23')", "1.38e-23"), ("double('NaN')", "NaN"),
            ("double('-Infinity')", "-Infinity"), ("double('1e400')", "error: outOfRange"),
            ("double('0x10')", "error: notConvertible"),
            ("double('inf')", "error: notConvertible"), ("double('')", "error: notConvertible"),
            ("double(' 1')", "error: notConvertible"),
            ("string(-456)", #""-456""#), ("string(9876u)", #""9876""#), ("string(123.456)", #""123.456""#),
            ("string(-4.5e-3)", #""-0.0045""#), ("string(1.0)", #""1""#), ("string(1e100)", #""1e+100""#),
            ("string(0.0 / 0.0)", #""NaN""#), ("string(-1.0 / 0.0)", #""-Infinity""#), ("string(true)", #""true""#),
            ("string(b'\\303\\277')", #""\u00ff""#), ("string(b'\\000\\xff')", "error: notConvertible"),
            ("string('a')", #""a""#),
            ("string(\(Sample.hidden("[1]")))", "error: noOverload"), ("bool('TRUE')", "true"), ("bool('f')", "false"),
            ("bool('1')", "true"), ("bool('TrUe')", "error: notConvertible"), ("bool('')", "error: notConvertible"),
            ("bool(true)", "true"), ("bool(\(Sample.hidden("1")))", "error: noOverload"),
            ("bytes('ÿ')", #"b"\xc3\xbf""#),
            ("bytes(b'abc')", #"b"abc""#), ("bytes(\(Sample.hidden("1")))", "error: noOverload"),
        ])
    func conversionsYield(_ source: String, _ outcome: String) throws {
        #expect(try Sample.outcome(source) == outcome)
    }

    @Test(
        arguments: [
            ("[1, 2, 3].all(e, e > 0)", "true"), ("[1, 2, 3].all(e, e == 2)", "false"), ("[].all(e, e > 0)", "true"),
            ("[1, 2, 3].all(e, 6 / (2 - e) == 6)", "false"), ("[1, 2, 3].all(e, e / 0 != 17)", "error: divisionByZero"),
            ("[1, 'foo', 3].all(e, e % 2 == 1)", "error: noOverload"), ("[1, 'foo', 2].all(e, e % 2 == 1)", "false"),
            ("[1, 2].all(e, d)", "error: noOverload"), ("m.all(k, k.size() == 3)", "true"),
            ("d.all(e, true)", "error: noOverload"),
            ("[1, 2, 3].exists(e, e == 2)", "true"), ("[1, 2, 3].exists(e, e > 3)", "false"),
            ("[].exists(e, true)", "false"),
            ("[1, 0].exists(e, 1 / e == 7)", "error: divisionByZero"), ("[0, 1].exists(e, 1 / e == 1)", "true"),
            ("m.exists(k, m[k] == 2)", "true"), ("[7].exists_one(a, a == 7)", "true"),
            ("[7, 7].exists_one(a, a == 7)", "false"),
            ("[].exists_one(a, true)", "false"), ("[1, 0].exists_one(n, 1 / n == 1)", "error: divisionByZero"),
            ("[1, 2].exists_one(n, d)", "error: noOverload"), ("[2, 4].map(n, n / 2)", "[1, 2]"),
            ("[].map(n, n)", "[]"),
            ("m.map(k, k)", #"["one", "two"]"#), ("[2, 1, 0].map(n, 4 / n)", "error: divisionByZero"),
            ("[1, 2, 3].map(n, n > 1, n * n)", "[4, 9]"), ("[0, 1].map(n, n > 0, 1 / n)", "[1]"),
            ("[0, 1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"), ("m.filter(k, k == 'one')", #"["one"]"#),
            ("[1, 0].filter(n, 1 / n > 0)", "error: divisionByZero"), ("[1].filter(n, d)", "error: noOverload"),
            ("[[1], [2, 3]].all(r, r.exists(e, e > 0))", "true"), ("[1, 2].map(x, [x].map(y, x + y))", "[[2], [4]]"),
            ("[1, 2].all(x, [2, 3].all(x, x > 1))", "true"), ("[5].all(i, i == 5) && i == -3", "true"),
            ("request.items.exists(item, has(item.price) && item.price > 5)", "true"),
            ("request.items.map(item, item.name)", #"["cable", "gift"]"#),
            ("l.map(e, e * 2).exists(e, e == 6)", "true"),
        ])
    func macrosYield(_ source: String, _ outcome: String) throws {
        #expect(try Sample.outcome(source) == outcome)
    }
}
