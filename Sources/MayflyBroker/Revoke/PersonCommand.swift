import MayflyModel

/// A person leaves, or comes back; tokens on their behalf end in either case.
struct PersonCommand: Command {
    let id: PersonID
    let state: Person.State
    let actor: String
    let reason: String

    func decide(_ tables: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Person> {
        guard tables.providers[id.provider] != nil else { throw .notFound }
        let before = tables.people[id]?.state ?? .active
        guard before != state else {
            throw .conflict(state == .left ? "the person has left already" : "the person has not left")
        }
        let person = tables.person(id, at: moment) { person in
            person.state = state
            person.epoch = moment.epoch
        }
        let step = state == .left ? "leave" : "return"
        return Decided(
            person, changes: [.person(person)], events: [.change(person, step, actor: actor, reason: reason)])
    }
}

extension Tables {
    /// A person's record after a change, one version on; made where there was none.
    func person(_ id: PersonID, at moment: Moment, _ change: (inout Person) -> Void) -> Person {
        var person =
            people[id] ?? Person(id: id, state: .active, epoch: 0, changedAt: moment.now, version: 0)
        change(&person)
        person.changedAt = moment.now
        person.version += 1
        return person
    }
}
