use futures::StreamExt as _;
use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{Event, EventPage};

use super::fault::Fault;
use super::patience::Patience;
use super::service::Service;
use super::show::{moment, or_dash, plain};
use super::sse::Reader;
use crate::cli::ctl::Events;

/// The most that the API gives at a time.
const PAGE: usize = 200;

/// How many are printed if nothing is said.
const NEWEST: usize = 20;

/// Prints what happened, and with `--follow` what happens.
pub(super) async fn run(service: &Service, args: &Events) -> Result<(), Fault> {
    let watch = args.watch.as_ref();
    let last = match args.after {
        Some(after) if args.follow => Some(number(after)?),
        Some(after) => return print_after(service, watch, number(after)?).await,
        None => {
            let count = if args.follow { 0 } else { NEWEST };
            print_newest(service, watch, args.limit.unwrap_or(count)).await?
        }
    };
    if args.follow {
        return Following {
            service,
            watch,
            last,
        }
        .run()
        .await;
    }
    Ok(())
}

fn number(id: u64) -> Result<i64, Fault> {
    i64::try_from(id).map_err(|_| Fault::Usage(format!("--after: no event is number {id}")))
}

/// Prints all after one, oldest first.
async fn print_after(
    service: &Service,
    watch: Option<&WatchName>,
    after: i64,
) -> Result<(), Fault> {
    let mut next = Some(after);
    while let Some(after) = next {
        let mut request = service.client.list_events().after(after).limit(PAGE as u64);
        if let Some(watch) = watch {
            request = request.watch(watch.as_str());
        }
        let page = request.send().await?.into_inner();
        for event in &page.items {
            print(service, event)?;
        }
        next = page.next;
    }
    Ok(())
}

/// Prints the newest, oldest first, and gives the last that there is.
async fn print_newest(
    service: &Service,
    watch: Option<&WatchName>,
    count: usize,
) -> Result<Option<i64>, Fault> {
    let mut newest = Vec::new();
    let mut before = None;
    loop {
        // One at least, to know from where to go on.
        let limit = (count - newest.len()).clamp(1, PAGE);
        let page = page_before(service, watch, before, limit).await?;
        newest.extend(page.items);
        before = page.next;
        if newest.len() >= count || before.is_none() {
            break;
        }
    }
    let last = newest.first().map(|event: &Event| event.id);
    newest.truncate(count);
    for event in newest.iter().rev() {
        print(service, event)?;
    }
    Ok(last)
}

async fn page_before(
    service: &Service,
    watch: Option<&WatchName>,
    before: Option<i64>,
    limit: usize,
) -> Result<EventPage, Fault> {
    let mut request = service.client.list_events().limit(limit as u64);
    if let Some(watch) = watch {
        request = request.watch(watch.as_str());
    }
    if let Some(before) = before {
        request = request.before(before);
    }
    Ok(request.send().await?.into_inner())
}

fn print(service: &Service, event: &Event) -> Result<(), Fault> {
    service.output.answer(event, |event| {
        let (at, watch) = (moment(event.at), or_dash(event.watch.as_deref()));
        let (kind, message) = (plain(&event.kind), plain(&event.message));
        format!("{at}  {watch}  {kind}  {message}")
    })
}

/// Follows events from one on, over as many connections as it takes.
struct Following<'a> {
    service: &'a Service,
    watch: Option<&'a WatchName>,
    /// The last that was printed or passed over.
    last: Option<i64>,
}

impl Following<'_> {
    /// Prints what happens until the service refuses it, or cannot be reached any more.
    async fn run(mut self) -> Result<(), Fault> {
        let mut patience = Patience::default();
        let mut was_heard = false;
        loop {
            let fault = match self.connection(&mut patience, &mut was_heard).await {
                Ok(()) => Fault::Unreachable("the service has ended the stream".to_owned()),
                Err(fault @ Fault::Unreachable(_)) if !was_heard => return Err(fault),
                Err(fault) => fault,
            };
            patience.bear(fault).await?;
        }
    }

    /// Prints what one connection tells.
    async fn connection(
        &mut self,
        patience: &mut Patience,
        was_heard: &mut bool,
    ) -> Result<(), Fault> {
        let mut request = self.service.streams.stream_events();
        if let Some(watch) = self.watch {
            request = request.watch(watch.as_str());
        }
        if let Some(last) = self.last {
            request = request.last_event_id(last);
        }
        let mut stream = request.send().await?.into_inner_stream();
        *was_heard = true;
        let mut reader = Reader::default();
        while let Some(bytes) = stream.next().await {
            let messages = reader.read(&bytes?);
            patience.renew();
            for message in messages.map_err(|error| Fault::Other(error.to_string()))? {
                self.take(&message.data)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, data: &str) -> Result<(), Fault> {
        let event: Event = serde_json::from_str(data)
            .map_err(|error| Fault::Other(format!("the stream tells what is no event: {error}")))?;
        if self.last.is_some_and(|last| event.id <= last) {
            return Ok(());
        }
        print(self.service, &event)?;
        self.last = Some(event.id);
        Ok(())
    }
}
