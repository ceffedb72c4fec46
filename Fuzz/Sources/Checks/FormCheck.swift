import MayflyServer

/// A form that was read is read again as the same pairs once it is encoded.
enum FormCheck {
    static func run(_ bytes: [UInt8]) {
        guard let form = try? FormParser.parse(bytes) else { return }
        check(form)
    }

    static func check(_ form: FormFields) {
        require(form.fields.count <= FormParser.maximumFields, "pairs are bounded")
        for field in form.fields {
            require((1...FormParser.maximumNameLength).contains(field.name.utf8.count), "names are bounded")
            require(!field.name.utf8.contains(0) && !field.value.utf8.contains(0), "no NUL gets in")
            let same = form.fields.filter { $0.name.isExactly(field.name) }
            require(form.contains(field.name), "a name that was sent is there")
            require(form.values(field.name) == same.map(\.value).filter { !$0.isEmpty }, "values come in order")
            switch Result(catching: { try form.value(field.name) }) {
            case .success(let value):
                require(same.count == 1, "a repeated parameter is an error")
                require((value ?? "").isExactly(field.value), "the value is the field's")
            case .failure: require(same.count > 1, "a parameter sent once is no error")
            }
        }
        let text = form.fields.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
        let again = require("an encoded form is read again") { try FormParser.parse(Array(text.utf8)) }
        require(same(again, form), "a form survives being encoded")
    }

    private static func same(_ left: FormFields, _ right: FormFields) -> Bool {
        left.fields.count == right.fields.count
            && zip(left.fields, right.fields).allSatisfy {
                $0.name.isExactly($1.name) && $0.value.isExactly($1.value)
            }
    }
}
