/// The functions and methods of the language; each has one type of result, whatever its arguments.
enum CELFunction: String, CaseIterable {
    case size
    case startsWith
    case endsWith
    case contains
    case int
    case uint
    case double
    case string
    case bool
    case bytes
    case timestamp
    case duration
    case getFullYear
    case getMonth
    case getDate
    case getDayOfMonth
    case getDayOfWeek
    case getDayOfYear
    case getHours
    case getMinutes
    case getSeconds
    case getMilliseconds

    /// How a function is called.
    enum Style {
        case function
        case method
        case both
    }

    var style: Style {
        switch self {
        case .size: .both
        case .int, .uint, .double, .string, .bool, .bytes, .timestamp, .duration: .function
        case .startsWith, .endsWith, .contains, .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek,
            .getDayOfYear, .getHours, .getMinutes, .getSeconds, .getMilliseconds:
            .method
        }
    }

    var isTimeAccessor: Bool { rawValue.utf8.starts(with: "get".utf8) }

    /// The receiver included.
    var argumentCount: Int {
        switch self {
        case .startsWith, .endsWith, .contains: 2
        default: 1
        }
    }

    var result: CELType {
        switch self {
        case .size: .int
        case .startsWith, .endsWith, .contains: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bool: .bool
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes,
            .getSeconds, .getMilliseconds:
            .int
        }
    }

    /// Whether it is defined for a value of the type, in each place of its arguments; dyn is found out later.
    func accepts(_ type: CELType) -> Bool {
        switch (self, type) {
        case (_, .dyn), (.size, .string), (.size, .bytes), (.size, .list), (.size, .map): true
        case (.startsWith, .string), (.endsWith, .string), (.contains, .string): true
        case (.int, .int), (.int, .uint), (.int, .double), (.int, .string), (.int, .timestamp): true
        case (.uint, .int), (.uint, .uint), (.uint, .double), (.uint, .string): true
        case (.double, .int), (.double, .uint), (.double, .double), (.double, .string): true
        case (.string, .string), (.string, .bool), (.string, .int), (.string, .uint), (.string, .double),
            (.string, .bytes), (.string, .timestamp), (.string, .duration):
            true
        case (.bool, .bool), (.bool, .string), (.bytes, .bytes), (.bytes, .string): true
        case (.timestamp, .timestamp), (.timestamp, .string), (.timestamp, .int): true
        case (.duration, .duration), (.duration, .string): true
        case (.getHours, .duration), (.getMinutes, .duration), (.getSeconds, .duration),
            (.getMilliseconds, .duration):
            true
        default: isTimeAccessor && type == .timestamp
        }
    }
}
